# SPDX-License-Identifier: Apache-2.0
"""The builders: each builds a Dockerfile of a context, and forgets what it knows when asked to."""
import os
import pathlib
import shutil
import subprocess

from . import daemon, measure


class Builder:
    """One builder. `is_buildkit` says whether it counts as BuildKit in the ratios."""

    name = ""
    is_buildkit = False
    # Which outputs it can make.
    outputs = frozenset()

    def build(self, dockerfile, context, output=None):
        return measure.run(self.command(dockerfile, context, output), env=self.environment())

    def environment(self):
        return {}

    def together(self, dockerfile, context, count):
        """The same build in `count` processes at the same time."""
        words = self.command(dockerfile, context, None)
        return measure.together([(words, self.environment())] * count)


class Reel(Builder):
    name = "reel"
    outputs = frozenset(["oci", "local"])

    def __init__(self, work, program):
        self.program = program
        self.root = pathlib.Path(work) / "reel"

    def version(self):
        return measure.run([self.program, "--version"]).output.strip()

    def environment(self):
        return {"REEL_ROOT": str(self.root)}

    def command(self, dockerfile, context, output):
        words = [self.program, "build", "--progress", "plain", "-f", str(dockerfile), str(context)]
        if output:
            kind, place = output
            more = ",compression=gzip" if kind == "oci" else ""
            words += ["-o", f"type={kind},dest={place}{more}"]
        return words

    def forget(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def run(self, *words, stdin=None):
        """Any command of reel."""
        return measure.run([self.program, *map(str, words)], env=self.environment(), stdin=stdin)


class Buildctl(Builder):
    name = "buildctl"
    is_buildkit = True
    outputs = frozenset(["oci", "local"])

    def version(self):
        return measure.run(["buildctl", "--version"]).output.strip()

    def command(self, dockerfile, context, output):
        dockerfile = pathlib.Path(dockerfile)
        words = ["buildctl", "build", "--progress", "plain", "--frontend", "dockerfile.v0",
                 "--local", f"context={context}", "--local", f"dockerfile={dockerfile.parent}",
                 "--opt", f"filename={dockerfile.name}"]
        if output:
            kind, place = output
            more = ",compression=gzip" if kind == "oci" else ""
            words += ["--output", f"type={kind},dest={place}{more}"]
        return words

    def forget(self):
        measure.run(["buildctl", "prune", "--all"])


class Docker(Builder):
    name = "docker"
    is_buildkit = True
    # The BuildKit inside dockerd exports directories only.
    outputs = frozenset(["local"])

    def __init__(self, program, address):
        self.program, self.address = program, address

    def version(self):
        words = [self.program, "version", "--format", "docker {{.Server.Version}}"]
        return measure.run(words, env=self.environment()).output.strip().splitlines()[-1]

    def environment(self):
        own = {"DOCKER_BUILDKIT": "1"}
        return {**own, "DOCKER_HOST": self.address} if self.address else own

    def command(self, dockerfile, context, output):
        words = [self.program, "build", "--progress", "plain", "--network", "host", "-f", str(dockerfile)]
        if output:
            kind, place = output
            words += ["--output", f"type={kind},dest={place}"]
        return words + [str(context)]

    def forget(self):
        measure.run([self.program, "builder", "prune", "--all", "--force"], env=self.environment())
        measure.run([self.program, "image", "prune", "--all", "--force"], env=self.environment())


class Buildah(Builder):
    name = "buildah"
    outputs = frozenset(["oci", "local"])

    def __init__(self, work):
        self.store = pathlib.Path(work) / "buildah"

    def version(self):
        return measure.run(["buildah", "--version"]).output.strip()

    def _own(self):
        return ["--root", f"{self.store}/root", "--runroot", f"{self.store}/run", "--storage-driver", "overlay"]

    def command(self, dockerfile, context, output):
        words = ["buildah", *self._own(), "build", "--layers", "--isolation", "oci", "--network", "host",
                 "-f", str(dockerfile)]
        if output and output[0] == "local":
            words += ["--output", f"type=local,dest={output[1]}"]
        if output and output[0] == "oci":
            words += ["-t", "benchmark-export"]
        return daemon.one_generation(words + [str(context)])

    def build(self, dockerfile, context, output=None):
        built = super().build(dockerfile, context, output)
        if output and output[0] == "oci":
            words = ["buildah", *self._own(), "push", "benchmark-export", f"oci-archive:{output[1]}"]
            pushed = measure.run(words)
            built.wall += pushed.wall
            built.cpu += pushed.cpu
        return built

    def forget(self):
        subprocess.run(["buildah", *self._own(), "rmi", "--all", "--force"], capture_output=True)


def others(work, private_docker):
    """The builders of this machine beside reel."""
    found = []
    if shutil.which("buildctl") and os.environ.get("BUILDKIT_HOST"):
        found.append(Buildctl())
    if daemon.client():
        docker = Docker(daemon.client(), private_docker.address if private_docker else None)
        try:
            docker.version()
            found.append(docker)
        except measure.Failed:
            pass
    if shutil.which("buildah"):
        found.append(Buildah(work))
    return found
