# SPDX-License-Identifier: Apache-2.0
"""What only reel is asked: its start, its log, its memory, and how it grows."""
import dataclasses
import json
import pathlib
import shutil
import subprocess
from typing import Callable

from . import material, measure
from .scenarios import BASE, Bench, Result

MEBIBYTE = 1 << 20


@dataclasses.dataclass
class Figure:
    """One thing that is measured, and what it must not exceed."""

    name: str
    title: str
    value: str
    target: str = ""
    met: bool | None = None
    broken: str = ""

    @property
    def walls(self):
        return {}


@dataclasses.dataclass
class Figures:
    title: str
    body: Callable

    def run(self, bench, name):
        try:
            return list(self.body(bench, name))
        except (measure.Failed, OSError, subprocess.SubprocessError, ValueError) as error:
            return [Figure(name, self.title, "failed", broken=str(error))]


ALL = {}


def figures(name, title):
    def register(body):
        ALL[name] = Figures(title, body)
        return body

    return register


def seconds(value):
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def at_most(name, title, value, limit, shown, unit):
    return Figure(name, title, shown(value), f"≤ {unit}", value <= limit)


@figures("start", "how long the program takes to start")
def start(bench, name):
    samples = [measure.run([bench.reel.program, "--version"]) for _ in range(30)]
    floor = [measure.run(["/bin/true"]) for _ in range(30)]
    wall, bare = measure.middle(samples).wall, measure.middle(floor).wall
    yield at_most(name, f"`reel --version` (`/bin/true` here: {seconds(bare)})", wall - bare, 0.005, seconds, "5 ms")


def filled(bench, events, builds):
    """An own data root with a log of so many made-up events."""
    root = bench.work / f"log-{events}-{builds}"
    if not root.exists():
        sample = measure.run([bench.reel.program, "debug", "fill-log", "--root", str(root), "--events", str(events),
                              "--builds", str(builds)], limit=900)
        (bench.work / f"{root.name}.json").write_text(sample.output)
    told = json.loads((bench.work / f"{root.name}.json").read_text().splitlines()[-1])
    return root, told


@figures("log-append", "events appended in groups, synchronous=FULL")
def log_append(bench, name):
    _, told = filled(bench, bench.size.events, bench.size.builds)
    rate = told["events"] / (told["nanoseconds"] / 1e9)
    yield Figure(name, f"{told['events']:,} events appended in groups", f"{rate:,.0f} events/s", "≥ 50,000/s",
                 rate >= 50_000)


@figures("log-open", "a build with a log of 1,000,000 events against one with none")
def log_open(bench, name):
    root, _ = filled(bench, bench.size.events, bench.size.builds)
    empty = bench.folder("log-empty")
    dockerfile = bench.dockerfile(["FROM scratch", "COPY root.tar /"], "open")
    walls = {root: [], empty: []}
    for place in walls:
        run_at(bench, place, dockerfile)
    for _ in range(max(3, bench.rounds * 2)):
        for place, taken in walls.items():
            taken.append(run_at(bench, place, dockerfile))
    full, none = measure.middle(walls[root]).wall, measure.middle(walls[empty]).wall
    yield Figure(name, f"a cached build, log of {bench.size.events:,} events (none: {seconds(none)})", seconds(full),
                 "as with none", full <= none * 1.1 + 0.002)
    opened = json.loads(measure.run([bench.reel.program, "debug", "open-log", "--root", str(root)]).output)
    took = opened["nanoseconds"] / 1e9
    yield at_most(name, "opening the log", took, 0.005, seconds, "5 ms")


def run_at(bench, root, dockerfile, *more):
    words = [bench.reel.program, "build", "--progress", "plain", "--root", str(root), "-f", str(dockerfile), *more]
    return measure.run([*words, str(bench.base)])


@figures("log-rebuild", "`reel log rebuild`")
def log_rebuild(bench, name):
    root, told = filled(bench, bench.size.events, bench.size.builds)
    sample = measure.run([bench.reel.program, "log", "rebuild", "--root", str(root)])
    yield at_most(name, f"`reel log rebuild`, {told['events']:,} events", sample.wall, 20, seconds, "20 s")


@figures("history", "history listed and filtered")
def history(bench, name):
    root, told = filled(bench, bench.size.events, bench.size.builds)
    reel = bench.reel.program
    count = told["builds"]
    measure.run([reel, "history", "ls", "--root", str(root), "-n", "1"])
    asked = {
        "newest 50": ["-n", "50"],
        "failed": ["--status", "failed", "-n", "50"],
        "by tag": ["--tag", "app:7", "-n", "50"],
        "by target": ["--target", "release", "-n", "50"],
        "since 2 h": ["--since", "2h", "-n", "50"],
        "all ids": ["-q"],
    }
    for title, words in asked.items():
        samples = [measure.run([reel, "history", "ls", "--root", str(root), *words]) for _ in range(5)]
        yield at_most(name, f"{count:,} builds, {title}", measure.middle(samples).wall, 0.1, seconds, "100 ms")


@figures("log-size", "bytes of log for 1,000 steps, and what recording costs")
def log_size(bench, name):
    root = bench.folder("log-size")
    nonce = bench.nonce()
    steps = bench.size.steps
    dockerfile = bench.dockerfile(BASE + [f"RUN echo {nonce} {number}" for number in range(steps)], "log-size")
    empty = bench.folder("log-size-none")
    run_at(bench, empty, bench.dockerfile(["FROM scratch", "COPY root.tar /"], "open"))
    run_at(bench, root, bench.dockerfile(BASE + ["RUN true"], "runs0"))
    before = log_bytes(root)
    built = run_at(bench, root, dockerfile)
    size = (log_bytes(root) - before) * 1000 / steps
    yield at_most(name, f"log of 1,000 RUN steps (from {steps})", size, 5e6, lambda value: f"{value / 1e6:.2f} MB", "5 MB")
    told = json.loads(measure.run([bench.reel.program, "debug", "replay-log", "--root", str(root)]).output)
    share = told["nanoseconds"] / 1e9 / built.wall
    yield at_most(name, f"appending that build's {told['events']} events again, each group as it was, of the build's "
                  f"{seconds(built.wall)}", share, 0.03, lambda value: f"{value:.1%}", "3 %")


def log_bytes(root):
    """What the log takes once its write-ahead log is folded in."""
    words = ["import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); "
             "print(d.execute('select (select page_count from pragma_page_count) * (select page_size from pragma_page_size)'"
             ").fetchone()[0])"]
    return int(measure.run(["python3", "-c", *words, str(pathlib.Path(root) / "log.sqlite")]).output)


@figures("memory", "the most memory that a build takes")
def memory(bench, name):
    size = bench.size

    def figure(title, value):
        return at_most(name, title, value, 100 * MEBIBYTE, lambda value: f"{value / MEBIBYTE:.0f} MiB", "100 MiB")

    many = bench.work / "many"
    many.mkdir()
    material.tree(many, size.memory_files, 64)
    dockerfile = bench.dockerfile(["FROM scratch", "COPY . /src"], "copy")
    root = bench.folder("memory")
    for title in ["cold", "again"]:
        words = [bench.reel.program, "build", "--progress", "plain", "--root", str(root), "-f", str(dockerfile)]
        yield figure(f"context of {size.memory_files:,} files, {title}", measure.run([*words, str(many)]).memory)
    shutil.rmtree(many)
    large = bench.folder("large")
    material.payload(large / "file", size.memory_bytes)
    yield figure(f"a file of {size.memory_bytes / 2**30:.2f} GiB", measure.run([*words, str(large)]).memory)
    shutil.rmtree(large)
    shutil.rmtree(root)
    for title, wide in [("in a chain", False), ("side by side", True)]:
        graph = bench.work / "graph"
        graph.write_bytes(material.chain_definition(size.memory_vertices, wide))
        words = [bench.reel.program, "build", "--progress", "quiet", "--root", str(root), "--llb", str(graph)]
        yield figure(f"a definition of {size.memory_vertices:,} vertices {title}", measure.run(words).memory)
        shutil.rmtree(root)


@figures("scale", "time and memory for 1×, 10×, 100× of files, steps and builds")
def scale(bench, name):
    size = bench.size
    yield from grow(name, "files of a context, cold", bench, size.files, files_of)
    yield from grow(name, "the same, unchanged", bench, size.files, files_again)
    yield from grow(name, "file operations in a chain", bench, size.operations, lambda b, n: graph_of(b, n, False))
    yield from grow(name, "file operations side by side", bench, size.operations, lambda b, n: graph_of(b, n, True))
    yield from grow(name, "RUN steps", bench, size.steps, steps_of)
    yield from grow(name, "`history ls -n 50`, builds", bench, size.builds, history_of)


def grow(name, title, bench, largest, once):
    """A hundredth, a tenth and the whole; worse than linear is when ten times as much takes over thirteen times as long."""
    counts = sorted({max(1, largest // 100), max(1, largest // 10), largest})
    samples = [once(bench, count) for count in counts]
    shown = "; ".join(f"{count:,}: {seconds(sample.wall)}, {sample.memory / MEBIBYTE:.0f} MiB"
                      for count, sample in zip(counts, samples))
    worst = 0
    for (less, before), (more, after) in zip(zip(counts, samples), zip(counts[1:], samples[1:])):
        # Times below 50 ms are mostly the program's start.
        worst = max(worst, (after.wall / max(before.wall, 0.05)) / (more / less))
    return [Figure(name, title, shown, "linear", worst <= 1.3)]


def files_of(bench, count):
    folder = bench.work / f"scale-{count}"
    if not folder.exists():
        folder.mkdir()
        material.tree(folder, count, 256)
    shutil.rmtree(bench.work / f"scale-root-{count}", ignore_errors=True)
    return files_again(bench, count)


def files_again(bench, count):
    dockerfile = bench.dockerfile(["FROM scratch", "COPY . /src"], "copy")
    root = bench.work / f"scale-root-{count}"
    words = [bench.reel.program, "build", "--progress", "plain", "--root", str(root), "-f", str(dockerfile)]
    return measure.run([*words, str(bench.work / f"scale-{count}")])


def graph_of(bench, count, wide):
    graph = bench.work / "graph"
    graph.write_bytes(material.chain_definition(count, wide))
    root = bench.work / "scale-graph"
    shutil.rmtree(root, ignore_errors=True)
    words = [bench.reel.program, "build", "--progress", "quiet", "--root", str(root), "--llb", str(graph)]
    return measure.run(words)


def steps_of(bench, count):
    root = bench.folder("scale-steps")
    run_at(bench, root, bench.dockerfile(BASE + ["RUN true"], "runs0"))
    nonce = bench.nonce()
    lines = BASE + [f"RUN echo {nonce} {number}" for number in range(count)]
    return run_at(bench, root, bench.dockerfile(lines, "scale-steps"))


def history_of(bench, count):
    root, _ = filled(bench, count * 10, count)
    words = [bench.reel.program, "history", "ls", "--root", str(root), "-n", "50"]
    measure.run(words)
    return measure.run(words)
