#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what reel recorded, without reel: Python's standard library only. See Docs/events.md for the forms.

  recording FILE.reel [--key VKEY]            blobs, events, proofs, checkpoint and contexts of a recording
  events EVENTS PROOFS NOTE [--key VKEY]      event lines and inclusion proofs against a checkpoint
  consistency OLDER NEWER PROOF [--key VKEY]  that an older checkpoint is the beginning of a newer one
VKEY: a C2SP verifier key, or a file with one; without it signatures are not looked at. Exit: 0 verified, 12 not."""
import base64, hashlib, io, json, sys, tarfile

def need(condition, what):
    if not condition:
        raise ValueError(what)

sha256 = lambda data: hashlib.sha256(data).digest()
node = lambda left, right: sha256(b"\1" + left + right)
split = lambda size: 1 << (size - 1).bit_length() - 1
canonical = lambda value: json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
def raw(digest):
    need(isinstance(digest, str) and digest.startswith("sha256:") and len(digest) == 71, f"no digest: {digest}")
    return bytes.fromhex(digest[7:])

# Ed25519, RFC 8032 section 5.1.7, with points as (X, Y, Z, T). Slow and not constant-time: it only verifies.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
def times(n, p):
    q = (0, 1, 1, 0)
    while n:
        q, p, n = add(q, p) if n & 1 else q, add(p, p), n >> 1
    return q
def point(data):
    sign, y = divmod(int.from_bytes(data, "little"), 1 << 255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need(y < P and (x * x - square) % P == 0 and (x or not sign), "a key or signature is no point of the curve")
    return (x, y, 1, x * y % P) if x & 1 == sign else (P - x, y, 1, (P - x) * y % P)
def signed(key, message, signature):
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little")
    p = times(s, point((4 * pow(5, -1, P) % P).to_bytes(32, "little")))
    q = add(point(signature[:32]), times(h % L, point(key)))
    return len(signature) == 64 and s < L and all((p[i] * q[2] - q[i] * p[2]) % P == 0 for i in (0, 1))

def checkpoint(note, vkey):
    """The size and root of a note (c2sp.org/signed-note, c2sp.org/tlog-checkpoint), its signature checked."""
    text, _, signatures = note.decode().partition("\n\n")
    text = text.rstrip("\n") + "\n"
    if vkey:
        name, key = vkey.split("+")[0], base64.b64decode(vkey.split("+", 2)[2])
        need(len(key) == 33 and key[0] == 1, "the key is no Ed25519 note key")
        lines = [line.split(" ") for line in signatures.splitlines()]
        found = [base64.b64decode(line[2]) for line in lines if line[:2] == ["\u2014", name]]
        found = [s[4:] for s in found if s[:4] == sha256(name.encode() + b"\n" + key)[:4]]
        need(any(signed(key[1:], text.encode(), s) for s in found), f"{name} did not sign the checkpoint")
    return int(text.split("\n")[1]), base64.b64decode(text.split("\n")[2], validate=True)

def included(leaf, index, size, path):
    """The root to which an inclusion proof leads: RFC 6962, section 2.1.1, read backwards."""
    if size == 1:
        return need(not path, "the proof is too long") or leaf
    half, last = split(size), raw(path[-1])
    if index < half:
        return node(included(leaf, index, half, path[:-1]), last)
    return node(last, included(leaf, index - half, size - half, path[:-1]))
def consistent(older, newer, path, root, whole=True):
    """The two roots to which a consistency proof leads: RFC 6962, section 2.1.2, read backwards."""
    if older == newer:
        need(len(path) == (not whole), "the proof has another length")
        return (root, root) if whole else (raw(path[0]), raw(path[0]))
    half, last = split(newer), raw(path[-1])
    if older <= half:
        left, right = consistent(older, half, path[:-1], root, whole)
        return left, node(right, last)
    left, right = consistent(older - half, newer - half, path[:-1], root, False)
    return node(last, left), node(last, right)
def events(lines, proofs, note, vkey):
    (size, root), proofs = checkpoint(note, vkey), {proof["seq"]: proof for proof in proofs}
    for line in lines.splitlines():
        event = json.loads(line)
        need(canonical(event) == line and len(event) == 6 and event["seq"] in proofs, f"no event, or no proof: {line[:80]}")
        seq, proof = event["seq"], proofs.pop(event["seq"])
        need(raw(proof["leaf"]) == sha256(b"\0" + line), f"event {seq} is not what was recorded")
        need(proof["size"] == size and 0 < seq <= size, f"event {seq} is not among the {size} of the checkpoint")
        need(included(raw(proof["leaf"]), seq - 1, size, proof["path"]) == root, f"the proof of event {seq} leads elsewhere")
    need(not proofs, "events are missing: there are more proofs than events")
    return f"{len(lines.splitlines())} events are among the {size} of the checkpoint"

def spelt(name):
    """A name as a context's manifest spells it: a backslash doubled, a byte that is no UTF-8 as \\xHH."""
    return "".join(f"\\x{ord(c) - 0xDC00:02x}" if 0xDC80 <= ord(c) < 0xDD00 else c for c in name.replace("\\", "\\\\"))
def entry(tar, file):
    """The line of a context's manifest (Docs/context.md) for a member of its layer."""
    line = {"path": spelt(file.name), "type": ["file", "hardlink", "symlink", 0, 0, "directory"][int(file.type)]}
    line |= {"target": spelt(file.linkname)} if file.type in b"12" else {"mode": f"{file.mode:04o}"}
    line |= {"size": file.size, "sha256": sha256(tar.extractfile(file).read()).hex()} if file.type == b"0" else {}
    xattrs = {k[13:]: v for k, v in file.pax_headers.items() if k.startswith("SCHILY.xattr.")}
    xattrs = {spelt(k): v.encode("utf-8", "surrogateescape").hex() for k, v in xattrs.items()}
    return canonical({**line, "xattrs": xattrs} if xattrs else line)
def contexts(lines, read):
    found = [e["body"]["is"] for e in map(json.loads, lines.splitlines()) if e["kind"] == "context.digested"]
    for context in (context for context in found if "layer" in context):
        manifest, name = read(context["manifest"]), context["name"]
        need(sha256(manifest) == raw(context["digest"]), f"the context '{name}' has another hash than its manifest")
        with tarfile.open(fileobj=io.BytesIO(read(context["layer"])), errors="surrogateescape") as tar:
            entries = sorted(entry(tar, file) for file in tar if file.name not in ("", "."))
        need(entries == sorted(manifest.splitlines()[1:]), f"the context '{name}' is not what its manifest lists")
    return f"; {len(found)} context hash{'es'[:2 * (len(found) != 1)]} recomputed"

def recording(path, vkey):
    with tarfile.open(path, "r:") as tar:
        files = {member.name.removeprefix("./"): member for member in tar if member.isfile()}
        read = lambda digest: tar.extractfile(files["blobs/sha256/" + digest[7:]]).read()
        for name in filter(lambda name: name.startswith("blobs/"), files):
            digest = hashlib.file_digest(tar.extractfile(files[name]), "sha256").hexdigest()
            need(name[13:] == digest, f"{name} has other bytes than its name says")
        manifest = json.loads(read(json.load(tar.extractfile(files["index.json"]))["manifests"][0]["digest"]))
        need(manifest["artifactType"] == "application/vnd.reel.recording.v1", "this is no recording")
        parts = {layer["mediaType"].removeprefix("application/vnd.reel."): layer["digest"] for layer in manifest["layers"]}
        missing = [layer["digest"] for layer in manifest["layers"] if "blobs/sha256/" + layer["digest"][7:] not in files]
        need(not missing, f"{missing} are missing")
        lines, proofs, note = map(read, (parts["events.v1+jsonl"], parts["proofs.v1+json"], parts["checkpoint.v1"]))
        return events(lines, json.loads(proofs), note, vkey) + contexts(lines, read)

def main(arguments):
    read, vkey = lambda path: open(path, "rb").read(), None
    if len(arguments) > 2 and arguments[-2] == "--key":
        *arguments, _, vkey = arguments
        vkey = vkey if "+" in vkey else read(vkey).decode().strip()
    match arguments:
        case ["recording", path]: print(recording(path, vkey))
        case ["events", lines, proofs, note]: print(events(read(lines), json.loads(read(proofs)), read(note), vkey))
        case ["consistency", older, newer, proof]:
            (size, root), (end, head) = checkpoint(read(older), vkey), checkpoint(read(newer), vkey)
            led = (root, head) if size == 0 else consistent(size, end, json.loads(read(proof))["path"], root)
            need(size <= end and led == (root, head), "the proof does not lead from the older checkpoint to the newer")
            print("the older checkpoint is the beginning of the newer")
        case _: sys.exit(__doc__)

try:
    main(sys.argv[1:])
except (KeyError, ValueError, TypeError, IndexError, OSError, RecursionError, tarfile.TarError) as error:
    print(f"not verified: {error}", file=sys.stderr)
    sys.exit(12)
