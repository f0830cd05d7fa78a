#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what reel recorded, without reel: Python's standard library only. See Docs/events.md for the forms.

  recording FILE.reel [--key VKEY]            blobs, events, proofs and checkpoint of a recording
  events EVENTS PROOFS NOTE [--key VKEY]      event lines and inclusion proofs against a checkpoint
  consistency OLDER NEWER PROOF [--key VKEY]  that an older checkpoint is the beginning of a newer one
VKEY: a C2SP verifier key, or a file with one; without it signatures are not looked at. Exit: 0 verified, 12 not."""
import base64, hashlib, json, sys, tarfile

class Wrong(Exception):
    pass

def need(condition, what):
    if not condition:
        raise Wrong(what)

def sha256(data):
    return hashlib.sha256(data).digest()

def raw(digest):
    need(isinstance(digest, str) and digest.startswith("sha256:") and len(digest) == 71, f"no digest: {digest}")
    return bytes.fromhex(digest[7:])

def node(left, right):
    return sha256(b"\1" + left + right)

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
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P

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
        name, _, data = vkey.split("+", 2)
        key = base64.b64decode(data)
        need(len(key) == 33 and key[0] == 1, "the key is no Ed25519 note key")
        lines = [line.split(" ") for line in signatures.splitlines() if line.startswith(f"\u2014 {name} ")]
        found = [base64.b64decode(line[2]) for line in lines]
        found = [s[4:] for s in found if s[:4] == sha256(name.encode() + b"\n" + key)[:4]]
        need(any(signed(key[1:], text.encode(), s) for s in found), f"{name} did not sign the checkpoint")
    _, size, root = text.split("\n")[:3]
    return int(size), base64.b64decode(root, validate=True)

def split(size):
    return 1 << (size - 1).bit_length() - 1

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
        canonical = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        need(canonical == line and len(event) == 6 and event["seq"] in proofs, f"no event, or no proof: {line[:80]}")
        seq, proof = event["seq"], proofs.pop(event["seq"])
        need(raw(proof["leaf"]) == sha256(b"\0" + line), f"event {seq} is not what was recorded")
        need(proof["size"] == size and 0 < seq <= size, f"event {seq} is not among the {size} of the checkpoint")
        led = included(raw(proof["leaf"]), seq - 1, size, proof["path"])
        need(led == root, f"event {seq}: the proof does not lead to the checkpoint")
    need(not proofs, "events are missing: there are more proofs than events")
    return f"{len(lines.splitlines())} events are among the {size} of the checkpoint"

def recording(path, vkey):
    with tarfile.open(path, "r:") as tar:
        files = {member.name.removeprefix("./"): member for member in tar if member.isfile()}
        read = lambda digest: tar.extractfile(files["blobs/sha256/" + digest[7:]]).read()
        for name in filter(lambda name: name.startswith("blobs/"), files):
            digest = hashlib.file_digest(tar.extractfile(files[name]), "sha256").hexdigest()
            need(name == "blobs/sha256/" + digest, f"{name} has other bytes than its name says")
        manifest = json.loads(read(json.load(tar.extractfile(files["index.json"]))["manifests"][0]["digest"]))
        need(manifest["artifactType"] == "application/vnd.reel.recording.v1", "this is no recording")
        parts = {layer["mediaType"].removeprefix("application/vnd.reel."): layer["digest"] for layer in manifest["layers"]}
        for digest in [layer["digest"] for layer in manifest["layers"]]:
            need("blobs/sha256/" + digest[7:] in files, f"{digest} is missing")
        lines, proofs, note = map(read, (parts["events.v1+jsonl"], parts["proofs.v1+json"], parts["checkpoint.v1"]))
        return events(lines, json.loads(proofs), note, vkey)

def main(arguments):
    read, vkey = lambda path: open(path, "rb").read(), None
    if len(arguments) > 2 and arguments[-2] == "--key":
        *arguments, _, vkey = arguments
        vkey = vkey if "+" in vkey else read(vkey).decode().strip()
    match arguments:
        case ["recording", path]:
            print(recording(path, vkey))
        case ["events", lines, proofs, note]:
            print(events(read(lines), json.loads(read(proofs)), read(note), vkey))
        case ["consistency", older, newer, proof]:
            (size, root), (end, head) = checkpoint(read(older), vkey), checkpoint(read(newer), vkey)
            led = (root, head) if size == 0 else consistent(size, end, json.loads(read(proof))["path"], root)
            need(size <= end and led == (root, head), "the proof does not lead from the older checkpoint to the newer")
            print("the older checkpoint is the beginning of the newer")
        case _:
            sys.exit(__doc__)

try:
    main(sys.argv[1:])
except (Wrong, KeyError, ValueError, TypeError, IndexError, OSError, RecursionError, tarfile.TarError) as error:
    print(f"not verified: {error}", file=sys.stderr)
    sys.exit(12)
