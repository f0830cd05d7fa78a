# SPDX-License-Identifier: Apache-2.0
"""What every builder does: each scenario prepares its material, then times all builders in turn, round by round."""
import dataclasses
import os
import pathlib
import shlex
import shutil
import subprocess
import time
from typing import Callable

from . import daemon, material, measure

# A scenario ends its rounds when it took this long, in seconds, though never before the first round is whole.
BUDGET = 150


@dataclasses.dataclass
class Result:
    """One line of the report."""

    name: str
    title: str
    # Seconds, by builder.
    walls: dict = dataclasses.field(default_factory=dict)
    spreads: dict = dataclasses.field(default_factory=dict)
    memory: int = 0
    floor: float | None = None
    floor_words: str = ""
    # How many times faster than BuildKit it has to be.
    target: float | None = None
    note: str = ""
    broken: str = ""


class Bench:
    """The builders, the sizes, and the material that scenarios share."""

    def __init__(self, work, reel, others, size, rounds):
        self.work, self.reel, self.others, self.size, self.rounds = work, reel, others, size, rounds
        self.base = work / "base"
        self.base.mkdir()
        material.root_tar(self.base / "root.tar")
        self._number = 0

    @property
    def builders(self):
        return [self.reel, *self.others]

    def nonce(self):
        """A word that no builder has seen."""
        self._number += 1
        return f"{os.getpid()}-{self._number}"

    def dockerfile(self, lines, name="Dockerfile", folder=None):
        path = (folder or self.base) / name
        path.write_text("\n".join(lines) + "\n")
        return path

    def folder(self, name):
        path = self.work / name
        path.mkdir(parents=True, exist_ok=True)
        return path


BASE = ["FROM scratch", "ADD root.tar /"]


@dataclasses.dataclass
class Scenario:
    """A piece of work that every builder does."""

    title: str
    target: float | None
    body: Callable

    def run(self, bench, name):
        result = Result(name, self.title, target=self.target)
        try:
            self.body(bench, result)
        except (measure.Failed, OSError, subprocess.SubprocessError) as error:
            result.broken = str(error)
        return [result]


ALL = {}


def scenario(name, title, target):
    def register(body):
        ALL[name] = Scenario(title, target, body)
        return body

    return register


def alternate(bench, result, once, prepare=None, able=lambda builder: True):
    """Times `once` for each builder in turn, so that what else the machine does falls on all of them alike."""
    samples = {builder.name: [] for builder in bench.builders if able(builder)}
    broken = {}
    start = time.monotonic()
    for number in range(bench.rounds):
        for builder in bench.builders[number % 2:] + bench.builders[:number % 2]:
            if builder.name not in samples or builder.name in broken:
                continue
            try:
                if prepare:
                    prepare(builder)
                samples[builder.name].append(once(builder))
            except measure.Failed as error:
                if builder is bench.reel:
                    raise
                broken[builder.name] = str(error).splitlines()[-1].strip()
        if time.monotonic() - start > BUDGET:
            break
    for name, taken in samples.items():
        if taken:
            result.walls[name] = measure.middle(taken).wall
            result.spreads[name] = measure.spread(taken)
    own = samples[bench.reel.name]
    result.memory = max(sample.memory for sample in own)
    for name, reason in broken.items():
        result.note += f" {name} failed: {reason[:120]};"


def floor(result, words, command, limit=300, repeat=3):
    """The unavoidable part by plain tools."""
    result.floor_words = words
    result.floor = measure.middle(
        [measure.run(["bash", "-o", "pipefail", "-c", command], limit=limit) for _ in range(repeat)]
    ).wall


@scenario("cached20", "20-step build, everything cached", 4)
def cached20(bench, result):
    lines = BASE + [f"RUN echo {number}" for number in range(20)]
    dockerfile = bench.dockerfile(lines, "cached20")
    for builder in bench.builders:
        warm(builder, dockerfile, bench.base)
    rounds, bench.rounds = bench.rounds, bench.rounds * 4
    try:
        alternate(bench, result, lambda builder: builder.build(dockerfile, bench.base))
    finally:
        bench.rounds = rounds
    floor(result, "/bin/true", "/bin/true")


def warm(builder, dockerfile, context):
    try:
        builder.build(dockerfile, context)
    except measure.Failed:
        if builder.name == "reel":
            raise


@scenario("runs100", "100 RUN steps (`echo`)", 5)
def runs100(bench, result):
    def once(builder):
        nonce = bench.nonce()
        lines = BASE + [f"RUN echo {nonce} {number}" for number in range(bench.size.steps)]
        return builder.build(bench.dockerfile(lines, "runs100"), bench.base)

    for builder in bench.builders:
        warm(builder, bench.dockerfile(BASE + ["RUN true"], "runs0"), bench.base)
    alternate(bench, result, once)
    runtime_floor(bench, result)


def runtime_floor(bench, result):
    """As many empty containers, one after another, by the runtime alone."""
    runtime = shutil.which("crun") or shutil.which("runc")
    bundle = bench.folder("bundle")
    root = bundle / "rootfs"
    if runtime is None:
        return
    if not root.exists():
        root.mkdir()
        measure.run(["tar", "-xf", str(bench.base / "root.tar"), "-C", str(root)])
        measure.run([runtime, "spec"], cwd=bundle)
        text = (bundle / "config.json").read_text()
        text = text.replace('"terminal": true', '"terminal": false').replace('"sh"', '"echo","1"')
        (bundle / "config.json").write_text(text)
    name = pathlib.Path(runtime).name
    loop = f"cd {bundle} && for i in $(seq {bench.size.steps}); do {runtime} run floor-{os.getpid()}-$i; done"
    words = shlex.join(daemon.one_generation(["bash", "-c", loop]))
    try:
        floor(result, f"{bench.size.steps} × `{name} run`", words)
    except measure.Failed as error:
        result.note += f" no floor: {str(error).splitlines()[-1][:100]};"


def source_tree(bench):
    """The context of many files, made once for all scenarios that read it."""
    folder = bench.work / "tree"
    if not folder.exists():
        folder.mkdir()
        material.tree(folder, bench.size.files, bench.size.file_bytes)
    return folder


COPY = ["FROM scratch", "COPY . /src"]


@scenario("context-cold", "context of 20,000 files (80 MB), cold, `COPY . /src`", 20)
def context_cold(bench, result):
    folder = source_tree(bench)
    dockerfile = bench.dockerfile(COPY, "copy")
    alternate(bench, result, lambda builder: builder.build(dockerfile, folder), prepare=lambda builder: builder.forget())
    floor(result, "`tar` to `sha256sum`", f"tar -C {folder} -cf - . | sha256sum")


@scenario("context-same", "the same again, unchanged", 10)
def context_same(bench, result):
    folder = source_tree(bench)
    dockerfile = bench.dockerfile(COPY, "copy")
    for builder in bench.builders:
        warm(builder, dockerfile, folder)
    alternate(bench, result, lambda builder: builder.build(dockerfile, folder))
    floor(result, "`find`", f"find {folder} -printf '%s %T@ %m %i\\n' | tail -n 1")


@scenario("context-one", "the same, one file changed", 10)
def context_one(bench, result):
    folder = source_tree(bench)
    dockerfile = bench.dockerfile(COPY, "copy")
    for builder in bench.builders:
        warm(builder, dockerfile, folder)
    changed = folder / "d0001" / "f000150.txt"

    def change(_):
        changed.write_text(bench.nonce().ljust(bench.size.file_bytes, "."))

    alternate(bench, result, lambda builder: builder.build(dockerfile, folder), prepare=change)
    floor(result, "`tar` to `sha256sum`", f"tar -C {folder} -cf - . | sha256sum")


@scenario("export-gzip", "340 MB exported as OCI tar, gzip", 3)
def export_gzip(bench, result):
    folder = bench.folder("payload")
    payload = folder / "payload"
    if not payload.exists():
        material.payload(payload, bench.size.export_bytes)
    dockerfile = bench.dockerfile(["FROM scratch", "COPY payload /payload"], "payload")
    out = bench.folder("out") / "image.tar"
    sizes = {}

    def prepare(builder):
        out.unlink(missing_ok=True)
        builder.forget()
        builder.build(dockerfile, folder)

    def once(builder):
        sample = builder.build(dockerfile, folder, output=("oci", out))
        sizes[builder.name] = out.stat().st_size
        return sample

    alternate(bench, result, once, prepare, able=lambda builder: "oci" in builder.outputs)
    measured = measure.run(["bash", "-c", f"tar -C {folder} -cf - payload | gzip -6 | wc -c"])
    gzip = int(measured.output)
    result.note += f" {sizes['reel'] / gzip - 1:+.1%} of `gzip -6` ({sizes['reel']} bytes; at most +2 %);"
    if sizes["reel"] > gzip * 1.02 and gzip > 1_000_000:
        result.broken = "larger than gzip -6 by more than 2 %"
    result.floor, result.floor_words = measured.wall, "`tar` to `gzip -6`"
    out.unlink(missing_ok=True)


@scenario("export-local", "20,000 files exported to a directory", 1.2)
def export_local(bench, result):
    folder = source_tree(bench)
    dockerfile = bench.dockerfile(COPY, "copy")
    for builder in bench.builders:
        warm(builder, dockerfile, folder)
    out = bench.folder("out") / "files"

    def clean(_):
        shutil.rmtree(out, ignore_errors=True)

    # The copy takes its turn between the builders, since the disk decides here.
    copies = []

    def once(builder):
        sample = builder.build(dockerfile, folder, output=("local", out))
        if builder is bench.reel:
            clean(builder)
            copies.append(measure.run(["cp", "-a", str(folder), str(out)]))
        return sample

    alternate(bench, result, once, clean, able=lambda builder: "local" in builder.outputs)
    clean(None)
    result.floor, result.floor_words = measure.middle(copies).wall, "`cp -a`"
    result.note += f" {result.walls['reel'] / result.floor:.2f} × `cp -a` (at most 1.1);"


@scenario("stages32", "32 independent stages of `sleep 0.2`", 4)
def stages32(bench, result):
    count = bench.size.stages

    def once(builder):
        nonce = bench.nonce()
        lines = ["FROM scratch AS base", "ADD root.tar /"]
        for number in range(count):
            lines += [f"FROM base AS s{number}", f"RUN sleep 0.2; echo {nonce} > /r{number}"]
        lines += ["FROM scratch"] + [f"COPY --from=s{number} /r{number} /" for number in range(count)]
        return builder.build(bench.dockerfile(lines, "stages32"), bench.base)

    for builder in bench.builders:
        warm(builder, bench.dockerfile(BASE + ["RUN true"], "runs0"), bench.base)
    alternate(bench, result, once)
    floor(result, "`sleep 0.2`", "sleep 0.2")


@scenario("ops-chain", "1,000 file operations in a chain", 5)
def ops_chain(bench, result):
    # Ten stages of a hundred each: more layers than about 125 in one image no docker can stack.
    folder = bench.folder("ops")
    (folder / "file").write_text("x")
    stages = 10
    each = max(1, bench.size.operations // stages)

    def once(builder):
        (folder / "file").write_text(bench.nonce())
        lines = []
        for stage in range(stages):
            lines += [f"FROM scratch AS s{stage}"]
            lines += [f"COPY --from=s{stage - 1} / /"] if stage else []
            lines += [f"COPY file /d{stage}/{number}" for number in range(each - (1 if stage else 0))]
        return builder.build(bench.dockerfile(lines, "ops-chain"), folder)

    alternate(bench, result, once)


@scenario("ops-wide", "1,000 file operations side by side", 5)
def ops_wide(bench, result):
    folder = bench.folder("ops")
    (folder / "file").write_text("x")
    count = bench.size.operations
    joined = max(1, count // 10)

    def once(builder):
        (folder / "file").write_text(bench.nonce())
        lines = []
        for number in range(count):
            lines += [f"FROM scratch AS w{number}", f"COPY file /{number}"]
        joins = range(0, count, joined)
        for place, start in enumerate(joins):
            lines += [f"FROM scratch AS j{place}"]
            lines += [f"COPY --from=w{number} / /" for number in range(start, min(count, start + joined))]
        lines += ["FROM scratch"] + [f"COPY --from=j{place} / /" for place in range(len(joins))]
        return builder.build(bench.dockerfile(lines, "ops-wide"), folder)

    alternate(bench, result, once)


@scenario("twice", "the same definition from two processes at once, against once", None)
def twice(bench, result):
    steps = min(10, bench.size.steps)

    def definition():
        nonce = bench.nonce()
        return bench.dockerfile(BASE + [f"RUN sleep 0.2; echo {nonce} {number}" for number in range(steps)], "twice")

    for builder in bench.builders:
        warm(builder, bench.dockerfile(BASE + ["RUN true"], "runs0"), bench.base)
    single = Result("once", "")
    alternate(bench, single, lambda builder: builder.build(definition(), bench.base))
    alternate(bench, result, lambda builder: builder.together(definition(), bench.base, 2))
    ratios = ", ".join(f"{name} {wall / single.walls[name]:.2f}" for name, wall in result.walls.items()
                       if name in single.walls)
    result.floor, result.floor_words = single.walls["reel"], "reel, one process"
    result.note += f" two processes ÷ one: {ratios};"
