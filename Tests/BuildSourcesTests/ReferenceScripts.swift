// SPDX-License-Identifier: Apache-2.0

/// What the hashes are compared with: ordinary tools, and the formats written down once more in Python.
enum ReferenceScripts {
    /// The documented command line, less modes and the list of files.
    static let tar = """
        tar -cf - --format=gnu --sort=name --mtime=@315532800 --owner=0 --group=0 --numeric-owner --hard-dereference \
        --verbatim-files-from
        """
    /// Git's two kinds of permission bits.
    static let gitModes = "--mode=go=,u=rwX,go=u-w,a-st"

    /// Goes through all folders of the working directory and prints `FOLDER FORMAT HASH`.
    static let shell = #"""
        git init -q --bare ../sha1.git
        git init -q --bare --object-format=sha256 ../sha256.git
        write_tree() {
            rm -f ../index
            export GIT_INDEX_FILE=$PWD/../index GIT_DIR=$PWD/../$1.git GIT_WORK_TREE=$PWD/$2
            git -c core.excludesFile=/dev/null -C $2 add -A -f .
            echo $2 $3 $(git write-tree)
        }
        list() { (cd $1 && find . -mindepth 1 -maxdepth 1 -printf '%P\0' | sort -z); }
        for tree in *; do
            write_tree sha1 $tree git-tree
            write_tree sha256 $tree git-tree-sha256
            echo $tree tar $(list $tree | $TAR $MODES -C $tree --null -T - | sha256sum | cut -c1-64)
            echo $tree tar-kept $(list $tree | $TAR -C $tree --null -T - | sha256sum | cut -c1-64)
        done
        python3 ../reference.py *
        """#

    static let python = #"""
        import base64, hashlib, os, stat, struct, subprocess, sys

        def sha(data): return hashlib.sha256(data).hexdigest()

        def content(path): return open(path, 'rb').read()

        def walk(root, below=b''):
            for name in sorted(os.listdir(os.path.join(root, below) if below else root)):
                path = below + b'/' + name if below else name
                yield path
                if stat.S_ISDIR(os.lstat(os.path.join(root, path)).st_mode):
                    yield from walk(root, path)

        def inside(root, path):
            real, top = os.path.realpath(os.path.join(root, path)), os.path.realpath(root)
            return os.path.isfile(os.path.join(root, path)) and real.startswith(top + b'/')

        def listed(root):
            found = []
            for path in sorted(walk(root)):
                full = os.path.join(root, path)
                if os.path.islink(full):
                    if os.readlink(full).startswith(b'/') or not inside(root, path): return None
                elif os.path.isdir(full): continue
                found.append(path)
            return found

        def h1(root):
            names = listed(root)
            if names is None or any(b'\n' in n for n in names): return 'refused'
            text = b''.join(sha(content(os.path.join(root, n))).encode() + b'  ' + n + b'\n' for n in names)
            return 'h1:' + base64.b64encode(hashlib.sha256(text).digest()).decode()

        def sums(root):
            names = listed(root)
            if names is None: return 'refused'
            if not names: return sha(b'')
            text = subprocess.run(['sha256sum', '--'] + names, cwd=root, stdout=subprocess.PIPE, check=True).stdout
            check = subprocess.run(['sha256sum', '-c', '--quiet', '--strict'], cwd=root, input=text)
            return sha(text) if check.returncode == 0 else 'rejected'

        def nar(root):
            def text(b): return struct.pack('<Q', len(b)) + b + b'\0' * (-len(b) % 8)
            def node(path):
                mode = os.lstat(path).st_mode
                out = text(b'(') + text(b'type')
                if stat.S_ISLNK(mode): out += text(b'symlink') + text(b'target') + text(os.readlink(path))
                elif stat.S_ISREG(mode):
                    out += text(b'regular')
                    if mode & 0o100: out += text(b'executable') + text(b'')
                    out += text(b'contents') + text(content(path))
                else:
                    out += text(b'directory')
                    for name in sorted(os.listdir(path)):
                        out += text(b'entry') + text(b'(') + text(b'name') + text(name) + text(b'node')
                        out += node(os.path.join(path, name)) + text(b')')
                return out + text(b')')
            data = text(b'nix-archive-1') + node(root)
            return 'sha256-' + base64.b64encode(hashlib.sha256(data).digest()).decode()

        def buildkit(root, kept):
            def header(path):
                s = os.lstat(path)
                mode, size, kind, link = s.st_mode & 0o7777, 0, b'5', b''
                if stat.S_ISLNK(s.st_mode): mode, kind, link = 0o777, b'2', os.readlink(path)
                else:
                    if stat.S_ISREG(s.st_mode): kind, size = b'0', s.st_size
                    if not kept: mode = 0o755 if kind == b'5' or mode & 0o100 else 0o644
                return (b'namemode%duid0gid0size%dtypeflag' % (mode, size) + kind + b'linkname' + link
                        + b'unamegnamedevmajor0devminor0')
            # The records as BuildKit's radix tree holds them.
            records = {b'': None, b'\0': sha(b'')}
            for path in walk(root):
                full, key = os.path.join(root, path), b'\0' + path.replace(b'/', b'\0')
                if os.path.isdir(full) and not os.path.islink(full):
                    records[key] = None
                    records[key + b'\0'] = sha(header(full))
                else:
                    data = b'' if os.path.islink(full) else content(full)
                    records[key] = sha(header(full) + data)
            keys = sorted(records)
            def checksum(key):
                if records[key] is not None: return records[key]
                h, bound = hashlib.sha256(), key + b'\0'
                while True:
                    sub = next((k for k in keys if k >= bound and k.startswith(key + b'\0')), None)
                    if sub is None: break
                    h.update(sub[len(key):] + b'sha256:' + checksum(sub).encode())
                    bound = sub + b'\0\xff' if records[sub] is None else sub + b'\0'
                    if records[sub] is not None: bound = keys[keys.index(sub) + 1] if keys.index(sub) + 1 < len(keys) else b'\xff'
                return h.hexdigest()
            return 'sha256:' + checksum(b'')

        for tree in sys.argv[1:]:
            root = os.fsencode(tree)
            for name, value in [('h1', h1(root)), ('sha256sums', sums(root)), ('nar', nar(root)),
                                ('buildkit', buildkit(root, False)), ('buildkit-kept', buildkit(root, True))]:
                print(tree, name, value)
        """#
}
