# SPDX-License-Identifier: Apache-2.0
"""Reads an image archive (`docker save`, or reel's `type=docker`) and describes what is in it.

The description names everything but times: kind, mode, owner, size, contents, link target, hard-link groups, extended
attributes, and the configuration. It is made from the archive alone, so both builders are read by the same eyes.
"""

import gzip
import hashlib
import io
import json
import tarfile

KINDS = {
    tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "dir", tarfile.SYMTYPE: "link",
    tarfile.FIFOTYPE: "fifo", tarfile.CHRTYPE: "char", tarfile.BLKTYPE: "block",
}


class Node:
    """One inode; two paths with the same node are hard links of one file."""

    def __init__(self, words):
        self.words = words


def clean(name):
    path = "/" + "/".join(part for part in name.split("/") if part not in ("", "."))
    return path


def quoted(path):
    return json.dumps(path) if any(c in path for c in " \\\"\n\t") else path


def node_of(archive, member):
    kind = KINDS[member.type]
    words = [kind, f"{member.mode & 0o7777:04o}", f"{member.uid}:{member.gid}"]
    if kind == "link":
        words = ["link", f"{member.uid}:{member.gid}", "->", quoted(member.linkname)]
    if kind == "file":
        data = archive.extractfile(member).read()
        words += [str(len(data)), "sha256:" + hashlib.sha256(data).hexdigest()]
    if kind in ("char", "block"):
        words.append(f"{member.devmajor},{member.devminor}")
    for key in sorted(member.pax_headers):
        if key.startswith("SCHILY.xattr.") and key != "SCHILY.xattr.trusted.overlay.opaque":
            value = member.pax_headers[key].encode("utf-8", "surrogateescape").hex()
            words.append(f"{key.removeprefix('SCHILY.xattr.')}={value}")
    return Node(words)


def remove(tree, path):
    tree.pop(path, None)
    for below in [p for p in tree if p.startswith(path.rstrip("/") + "/")]:
        del tree[below]


def apply_layer(tree, data):
    """Puts a layer on a tree, as the OCI image specification says (layer.md, "Applying Changesets")."""
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = archive.getmembers()
        for member in members:
            folder, _, name = clean(member.name).rpartition("/")
            if name == ".wh..wh..opq":
                for below in [p for p in tree if p.startswith(folder + "/")]:
                    del tree[below]
        for member in members:
            folder, _, name = clean(member.name).rpartition("/")
            if name.startswith(".wh.") and name != ".wh..wh..opq":
                remove(tree, f"{folder}/{name[4:]}")
        for member in members:
            path = clean(member.name)
            if path.rpartition("/")[2].startswith(".wh.") or path == "/":
                continue
            if member.type == tarfile.LNKTYPE:
                node = tree[clean(member.linkname)]
            else:
                node = node_of(archive, member)
            old = tree.get(path)
            if old is not None and old.words[0] == "dir" and node.words[0] != "dir":
                remove(tree, path)
            tree[path] = node


class Image:
    """The tree, the configuration and the number of layers of an image archive."""

    def __init__(self, path):
        self.tree = {}
        with tarfile.open(path) as archive:
            manifest = json.load(archive.extractfile("manifest.json"))[0]
            self.config = json.load(archive.extractfile(manifest["Config"]))
            self.layers = manifest["Layers"]
            for name in self.layers:
                member = archive.getmember(name)
                while member.issym():
                    name = name.rpartition("/")[0] + "/" + member.linkname
                    parts = []
                    for part in name.split("/"):
                        parts = parts[:-1] if part == ".." else parts + [part]
                    member = archive.getmember("/".join(parts))
                apply_layer(self.tree, archive.extractfile(member).read())
        self.layer_count = len(self.config["rootfs"]["diff_ids"] or [])

    def lines_of_tree(self):
        names = {}
        for path in sorted(self.tree):
            names.setdefault(id(self.tree[path]), []).append(path)
        lines = {}
        for path, node in self.tree.items():
            words = list(node.words)
            group = names[id(node)]
            if len(group) > 1:
                words.append("same as " + " ".join(quoted(p) for p in group if p != path))
            lines[path] = " ".join(words)
        return lines

    def describe(self, base):
        """Lines that say how the image differs from `base`, another image or `None`, and its whole configuration."""
        mine, theirs = self.lines_of_tree(), base.lines_of_tree() if base else {}
        config = {k: v for k, v in self.config.get("config", {}).items() if v not in (None, "", [], {}, False)}
        config.pop("Image", None)
        lines = [f"layers {self.layer_count}", "config " + json.dumps(config, sort_keys=True, ensure_ascii=False)]
        for key in ("os", "architecture", "variant", "author"):
            if self.config.get(key):
                lines.append(f"{key} {self.config[key]}")
        for entry in self.config.get("history") or []:
            empty = "empty" if entry.get("empty_layer") else "layer"
            lines.append(f"history {empty} " + json.dumps(entry.get("created_by", ""), ensure_ascii=False))
        for path in sorted(set(mine) | set(theirs)):
            if path not in mine:
                lines.append(f"- {quoted(path)}")
            elif mine[path] != theirs.get(path):
                lines.append(f"{quoted(path)} {mine[path]}")
        return lines
