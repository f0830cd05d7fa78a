#!/usr/bin/env python3
"""Prints one line for each file below a directory: everything that a layer keeps about it.

  describe.py DIR
  unshare -m describe.py INDEX TAR[,TAR]... [INDEX TAR[,TAR]...]...   EROFS images, several of them under overlayfs,
                                                                      lowest first

Fields, in hexadecimal where they are bytes: path, type, mode, owner, size (files), time in nanoseconds, device, link
target, extended attributes, SHA-256 of the contents, first path of the same file. Lines are in byte order of the paths.
"""
import ctypes, hashlib, os, stat, sys, tempfile

KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFCHR: "char",
         stat.S_IFBLK: "block", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket"}


def paths(top):
    found, todo = [b""], [b""]
    while todo:
        d = todo.pop()
        for e in os.scandir(os.path.join(top, d)):
            p = os.path.join(d, e.name)
            found.append(p)
            if e.is_dir(follow_symlinks=False):
                todo.append(p)
    return sorted(found)


def main(top):
    first = {}
    for p in paths(top):
        full = os.path.join(top, p) if p else top
        s = os.lstat(full)
        kind = KINDS[stat.S_IFMT(s.st_mode)]
        x = ",".join(f"{k}={v}" for k, v in sorted(
            (os.fsencode(n).hex(), os.getxattr(full, n, follow_symlinks=False).hex())
            for n in os.listxattr(full, follow_symlinks=False) if not n.startswith("trusted.overlay.")))
        sha = ""
        if kind == "file":
            h = hashlib.sha256()
            with open(full, "rb") as f:
                while block := f.read(1 << 20):
                    h.update(block)
            sha = h.hexdigest()
        same = ""
        if kind != "dir" and s.st_nlink > 1:
            same = first.setdefault((s.st_dev, s.st_ino), p).hex()
        device = f"{os.major(s.st_rdev)}:{os.minor(s.st_rdev)}" if kind in ("char", "block") else ""
        link = os.readlink(full).hex() if kind == "link" else ""
        print(p.hex() or ".", kind, f"{stat.S_IMODE(s.st_mode):o}", f"{s.st_uid}:{s.st_gid}",
              s.st_size if kind == "file" else 0, s.st_mtime_ns, device, link, x, sha, same, sep="|")


def mount(target, kind, options):
    """The new mount API (x86-64 and arm64 share its numbers): options of any length, no loop devices."""
    libc = ctypes.CDLL(None, use_errno=True)

    def call(number, *arguments):
        result = libc.syscall(number, *arguments)
        if result < 0:
            sys.exit(f"mounting {kind} on {target}: {os.strerror(ctypes.get_errno())}")
        return result
    filesystem = call(430, kind.encode(), 0)                                  # fsopen
    for key, value in options:
        call(431, filesystem, 1, key.encode(), value.encode(), 0)             # fsconfig, a string
    call(431, filesystem, 6, None, None, 0)                                   # fsconfig, create
    made = call(432, filesystem, 0, 0)                                        # fsmount
    call(429, made, b"", -100, target.encode(), 4)                            # move_mount
    os.close(made)
    os.close(filesystem)


def mounted(units):
    with tempfile.TemporaryDirectory(prefix="reel-test-mount-") as d:
        mount(d, "tmpfs", [])
        os.chdir(d)
        for i, (index, tars) in enumerate(units):
            os.mkdir(str(i))
            mount(str(i), "erofs", [("source", index)] + [("device", t) for t in tars.split(",")])
        if len(units) > 1:
            os.mkdir("root")
            mount("root", "overlay", [("lowerdir+", os.path.join(d, str(i))) for i in reversed(range(len(units)))])
        main(os.fsencode("root" if len(units) > 1 else "0"))
        os.chdir("/")
        os.system(f"umount -R {d}")


if len(sys.argv) == 2:
    main(os.fsencode(sys.argv[1]))
else:
    mounted(list(zip(sys.argv[1::2], sys.argv[2::2])))
