# SPDX-License-Identifier: Apache-2.0
"""The tables, as Markdown, and the figures as JSON Lines."""
import dataclasses
import json
import os
import platform
import subprocess

from .scenarios import Result


def write(results, bench, path):
    comparisons = [result for result in results if isinstance(result, Result)]
    own = [result for result in results if not isinstance(result, Result)]
    print(machine(bench))
    if comparisons:
        print(table(comparisons, bench))
    if own:
        print("| what | measured | must be | |\n|---|---|---|---|")
        for figure in own:
            mark = figure.broken.splitlines()[0][:120] if figure.broken else {True: "yes", False: "**no**", None: ""}[figure.met]
            print(f"| {figure.title} | {figure.value} | {figure.target} | {mark} |")
    for result in results:
        if result.broken:
            print(f"\n{result.name}: {result.broken}")
    if path:
        with open(path, "w") as out:
            for result in results:
                out.write(json.dumps(record(result), ensure_ascii=False, sort_keys=True) + "\n")


def record(result):
    told = dataclasses.asdict(result)
    if isinstance(result, Result):
        told["ratio"] = ratio(result)
    return told


def machine(bench):
    words = [f"{os.cpu_count()} processors ({processor()})", f"Linux {platform.release()}", f"{memory()} of memory",
             f"{file_system(bench.work)} under the data", *[builder.version() for builder in bench.builders]]
    return "Machine: " + ", ".join(words) + f". Rounds: {bench.rounds}; medians.\n"


def processor():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def memory():
    with open("/proc/meminfo") as file:
        return f"{int(file.readline().split()[1]) / 2**20:.0f} GiB"


def file_system(path):
    words = ["stat", "-f", "-c", "%T", str(path)]
    return subprocess.run(words, capture_output=True, text=True).stdout.strip()


def ratio(result):
    """How many times faster than the fastest BuildKit of the run; `None` where there was none."""
    kits = [result.walls[name] for name in ("buildctl", "docker") if name in result.walls]
    return min(kits) / result.walls["reel"] if kits and result.walls.get("reel") else None


def time_of(value):
    return "–" if value is None else f"{value:.3f} s"


def table(results, bench):
    names = [builder.name for builder in bench.builders]
    lines = ["| scenario | floor | " + " | ".join(names) + " | reel is | must be | |",
             "|---" * (len(names) + 5) + "|"]
    for result in results:
        faster = ratio(result)
        met = "" if faster is None or result.target is None else "yes" if faster >= result.target else "**no**"
        floor = time_of(result.floor) + (f" ({result.floor_words})" if result.floor_words else "")
        cells = [result.title, floor, *[time_of(result.walls.get(name)) for name in names],
                 "–" if faster is None else f"{faster:.1f} × faster",
                 "–" if result.target is None else f"≥ {result.target:g} ×",
                 " ".join(filter(None, [met, result.note.strip().rstrip(";")]))]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
