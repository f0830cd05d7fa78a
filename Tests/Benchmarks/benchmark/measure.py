# SPDX-License-Identifier: Apache-2.0
"""Running a command and knowing what it took."""
import dataclasses
import os
import signal
import statistics
import subprocess
import tempfile
import time


class Failed(Exception):
    """A command that did not do its work."""


@dataclasses.dataclass
class Sample:
    wall: float
    cpu: float
    memory: int
    output: str = ""


def run(words, limit=600, cwd=None, env=None, stdin=None):
    """Runs one command; raises `Failed` with its last lines unless it ends well within `limit` seconds."""
    with tempfile.TemporaryFile() as output:
        start = time.monotonic()
        process = subprocess.Popen(
            words,
            stdin=stdin or subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=None if env is None else {**os.environ, **env},
            start_new_session=True,
        )
        try:
            status, usage = _wait(process, start + limit)
        except BaseException:
            _kill(process)
            raise
        wall = time.monotonic() - start
        output.seek(0)
        text = output.read().decode(errors="replace")
    if status != 0:
        tail = "\n".join(text.splitlines()[-8:])
        raise Failed(f"{' '.join(map(str, words))[:200]}: status {status}\n{tail}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, text)


def _wait(process, end):
    """Waits without polling: an alarm ends the wait when the time is over."""

    def over(*_):
        raise Failed(f"{process.args[0]}: took longer than its limit")

    former = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, max(0.01, end - time.monotonic()))
    try:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, usage
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def _kill(process):
    if process.returncode is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
        os.waitpid(process.pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def together(commands, limit=600):
    """Runs commands at the same time; the wall time until the last has ended, and their memory."""
    outputs = [tempfile.TemporaryFile() for _ in commands]
    start = time.monotonic()
    processes = [
        subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                         env={**os.environ, **env}, start_new_session=True)
        for (words, env), output in zip(commands, outputs)
    ]
    try:
        for process, output in zip(processes, outputs):
            if process.wait(timeout=limit) != 0:
                output.seek(0)
                tail = "\n".join(output.read().decode(errors="replace").splitlines()[-8:])
                raise Failed(f"{process.args[0]}: status {process.returncode}\n{tail}")
    finally:
        for process in processes:
            _kill(process)
        for output in outputs:
            output.close()
    return Sample(time.monotonic() - start, 0, 0)


def middle(samples, what="wall"):
    """The sample with the median of `what`."""
    ordered = sorted(samples, key=lambda sample: getattr(sample, what))
    return ordered[(len(ordered) - 1) // 2]


def spread(samples):
    """The least and the greatest wall time."""
    walls = [sample.wall for sample in samples]
    return min(walls), max(walls)


def median(values):
    return statistics.median(values)
