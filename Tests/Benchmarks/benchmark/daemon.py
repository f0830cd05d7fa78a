# SPDX-License-Identifier: Apache-2.0
"""A dockerd of our own, in its own mount namespace, stopped by its process id."""
import os
import pathlib
import shutil
import signal
import subprocess
import time

# On a machine with both generations of control groups mounted, crun refuses to work and runc takes the second one for the
# only one: a program that starts containers runs in a mount namespace where the second one is not.
ONE_GENERATION = 'if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi; exec "$@"'


def one_generation(words):
    """The command, where control groups are of one generation."""
    if not pathlib.Path("/sys/fs/cgroup/unified/cgroup.procs").exists():
        return list(words)
    return ["unshare", "--mount", "bash", "-c", ONE_GENERATION, "-", *map(str, words)]


def client():
    """A `docker` that builds with the daemon's BuildKit; a newer one asks for the plug-in buildx."""
    for program in [os.environ.get("DOCKER"), shutil.which("docker"), "/usr/bin/docker"]:
        if program and shutil.which(program):
            asked = subprocess.run([program, "build", "--help"], env={**os.environ, "DOCKER_BUILDKIT": "1"},
                                   capture_output=True, text=True)
            if asked.returncode == 0 and "buildx" not in asked.stderr:
                return program
    return None


class PrivateDocker:
    def __init__(self, work):
        program = shutil.which("dockerd")
        if program is None:
            raise SystemExit("--with docker: there is no dockerd; install docker.io")
        folder = pathlib.Path(work) / "docker"
        folder.mkdir()
        self.address = f"unix://{folder}/docker.sock"
        self.log = folder / "log"
        if client() is None:
            raise SystemExit("--with docker: there is no docker that builds without buildx; $DOCKER names one")
        words = ["unshare", "--mount", "--fork", "--kill-child=TERM", "bash", "-c", ONE_GENERATION, "-", program,
                 "--host", self.address, "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec",
                 "--pidfile", f"{folder}/pid", "--bridge=none", "--iptables=false", "--ip-masq=false"]
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=open(self.log, "wb"), stderr=subprocess.STDOUT, start_new_session=True
        )
        self.pidfile = folder / "pid"
        for _ in range(300):
            if self.process.poll() is None and self._answers():
                return
            time.sleep(0.1)
        text = self.log.read_text(errors="replace")[-600:]
        self.stop()
        raise SystemExit(f"--with docker: dockerd did not come up:\n{text}")

    def _answers(self):
        words = [client(), "-H", self.address, "version"]
        return subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def stop(self):
        """A polite end, which also stops its containerd; a hard one after twenty seconds."""
        try:
            pid = int(self.pidfile.read_text())
        except (OSError, ValueError):
            pid = None
        if self.process.poll() is None and pid:
            subprocess.run(["kill", "-TERM", str(pid)], stderr=subprocess.DEVNULL)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
