# SPDX-License-Identifier: Apache-2.0
"""What the scenarios build: a root with busybox, trees of files, graphs; equal in each run."""
import dataclasses
import hashlib
import io
import os
import pathlib
import random
import shutil
import subprocess
import tarfile

HERE = pathlib.Path(__file__).resolve().parents[3]


@dataclasses.dataclass
class Size:
    """How large the scenarios are."""

    files: int
    file_bytes: int
    steps: int
    stages: int
    operations: int
    export_bytes: int
    events: int
    builds: int
    memory_files: int
    memory_bytes: int
    memory_vertices: int

    @staticmethod
    def whole():
        return Size(20_000, 4096, 100, 32, 1000, 340_000_000, 1_000_000, 100_000, 100_000, 2 << 30, 10_000)

    @staticmethod
    def quick():
        return Size(500, 4096, 5, 4, 20, 8_000_000, 5_000, 200, 1_000, 32 << 20, 200)


def reel_program():
    """$REEL, else a static release build in a folder of its own."""
    given = os.environ.get("REEL")
    if given:
        return given
    words = ["swift", "build", "-c", "release", "--static-swift-stdlib", "--product", "reel",
             "--scratch-path", ".build/static"]
    subprocess.run(words, cwd=HERE, check=True, stdout=subprocess.DEVNULL)
    shown = subprocess.run(words + ["--show-bin-path"], cwd=HERE, check=True, capture_output=True, text=True)
    return shown.stdout.strip() + "/reel"


def root_tar(path):
    """A root file system of busybox, as a tar."""
    busybox = shutil.which("busybox") or "/bin/busybox"
    with tarfile.open(path, "w") as tar:
        for name in ["bin", "tmp", "etc", "proc", "sys", "dev"]:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(entry)
        body = pathlib.Path(busybox).read_bytes()
        entry = tarfile.TarInfo("bin/busybox")
        entry.mode, entry.size = 0o755, len(body)
        tar.addfile(entry, io.BytesIO(body))
        for name in ["sh", "echo", "sleep", "cat", "true"]:
            entry = tarfile.TarInfo(f"bin/{name}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)


def tree(path, files, size, seed=1):
    """`files` files of `size` bytes each, a hundred in each folder, every one different."""
    stream = random.Random(seed).randbytes(1 << 20)
    for number in range(files):
        folder = path / f"d{number // 100:04}"
        if number % 100 == 0:
            folder.mkdir(parents=True)
        start = (number * 577) % ((1 << 20) - size)
        head = f"{seed}.{number}\n".encode()
        (folder / f"f{number:06}.txt").write_bytes((head + stream[start:start + size])[:size])


def payload(path, size):
    """A file of about the compressibility of a distribution: this machine's programs and libraries, one after another."""
    left = size
    with open(path, "wb") as out:
        while left > 0:
            before = left
            for source in sorted(pathlib.Path("/usr/lib/x86_64-linux-gnu").glob("*.so*")) + sorted(
                pathlib.Path("/usr/bin").glob("*")
            ):
                if left <= 0 or source.is_symlink() or not source.is_file():
                    continue
                body = source.read_bytes()[:left]
                out.write(body)
                left -= len(body)
            if left == before:
                raise RuntimeError("this machine has no programs to make a payload of")


# A few lines of protobuf, enough for a chain of mkfile operations.


def _varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number, value):
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def chain_definition(vertices, wide=False):
    """A `pb.Definition` of `vertices` mkfile operations, each on the one before, or all on scratch and then merged."""
    definition, digests = b"", []

    def add(operation):
        nonlocal definition
        definition += _field(1, operation)
        digests.append(f"sha256:{hashlib.sha256(operation).hexdigest()}".encode())

    for number in range(vertices):
        # FileAction: input 1, secondaryInput 2, output 3, mkfile 5; MkFile: path 1, mode 2, data 3.
        made = _field(1, f"/f{number:05}".encode()) + _field(2, 0o644) + _field(3, b"x")
        based = number > 0 and not wide
        minus = _varint(2**64 - 1)
        action = _varint(1 << 3) + (_varint(0) if based else minus) + _varint(2 << 3) + minus + _field(5, made)
        operation = _field(1, _field(1, digests[-1])) if based else b""
        add(operation + _field(4, _field(2, action)))
    if wide:
        ends = list(digests)
        inputs = b"".join(_field(1, _field(1, digest)) for digest in ends)
        merged = b"".join(_field(1, _field(1, index)) for index in range(len(ends)))
        add(inputs + _field(6, merged))
    definition += _field(1, _field(1, _field(1, digests[-1])))
    return definition
