// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// Base images that mean harm, taken in by the program: refused by a sentence, or harmless.
@Suite("Hostile base images", .serialized)
struct HostileImageTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        /// Python that adds to the tar `t`; `add(name, **attributes)` makes an entry.
        var script: String
        /// `nil` where the image is taken in.
        var refusal: String?
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "an absolute name", script: "add('/etc/canary', data=b'x')", refusal: nil),
        Case(name: "a name that climbs", script: "add('../../canary', data=b'x')", refusal: ".."),
        Case(name: "a name that climbs on its way", script: "add('a/../../canary', data=b'x')", refusal: ".."),
        Case(
            name: "a chain of links out of the root",
            script: """
                add('a', type=tarfile.SYMTYPE, linkname='../..')
                add('b', type=tarfile.SYMTYPE, linkname='a/../..' + outside)
                add('b/canary', data=b'x')
                """,
            refusal: nil
        ),
        Case(
            name: "a hard link to a file outside",
            script: "add('h', type=tarfile.LNKTYPE, linkname='..' + outside + '/canary')",
            refusal: ".."
        ),
        Case(
            name: "a device named as a file, with contents",
            script: "add('d', type=tarfile.CHRTYPE, devmajor=1, devminor=3, data=b'x' * 600)",
            refusal: "d"
        ),
        Case(name: "a tar that ends in a file", script: "add('f', data=b'x' * 5000); cut = 3000", refusal: ""),
    ]

    private static func tar(_ script: String) -> String {
        """
        import tarfile, io, sys
        outside, cut, buffer = sys.argv[1], None, io.BytesIO()
        t = tarfile.open(fileobj=buffer, mode='w', format=tarfile.GNU_FORMAT)
        def add(name, data=b'', **attributes):
            i = tarfile.TarInfo(name)
            i.size = len(data)
            for k, v in attributes.items(): setattr(i, k, v)
            t.addfile(i, io.BytesIO(data))
        \(script)
        t.close()
        open('base.tar', 'wb').write(buffer.getvalue()[:cut])
        """
    }

    @Test("Are refused with one sentence, or taken in without harm", .timeLimit(.minutes(2)), arguments: cases)
    func hostile(input: Case) async throws {
        let workspace = try Workspace()
        try await workspace.shell("mkdir outside; echo safe >outside/canary")
        try await workspace.write(Self.tar(input.script), to: "make.py")
        try await workspace.shell("python3 make.py \"$PWD/outside\"")
        let imported = try await workspace.reel("image", "import", "base:1", "base.tar")
        #expect(try await workspace.shell("cat outside/canary; ls outside") == "safe\ncanary\n")
        if let refusal = input.refusal {
            #expect(imported.code == 1 || imported.code == 12, "\(imported.code) \(imported.errors)")
            #expect(imported.errors.hasPrefix("reel: ") && imported.errors.contains(refusal), "\(imported.errors)")
            #expect(try await workspace.reel("image", "ls", "-q").output.isEmpty, "nothing is imported in part")
        } else {
            try #require(imported.code == 0, "\(imported.errors)")
            // What is below the links is reached inside the root alone.
            try await workspace.write("FROM base:1\nCOPY canary /b/canary\n", to: "c/Dockerfile")
            try await workspace.write("built", to: "c/canary")
            let built = try await workspace.reel("build", "-q", "-o", "type=tar,dest=out.tar", "c")
            #expect(built.code == 0 || built.code == 1, "\(built.errors)")
            #expect(try await workspace.shell("cat outside/canary; ls outside") == "safe\ncanary\n")
        }
    }

    @Test("A million entries are taken in", .timeLimit(.minutes(4)))
    func millionEntries() async throws {
        let workspace = try Workspace()
        let script = """
            import sys
            def header(name, kind):
                b = bytearray(512)
                b[0:len(name)] = name
                b[100:108], b[108:116], b[116:124] = b'0000644\\0', b'0000000\\0', b'0000000\\0'
                b[124:136], b[136:148], b[148:156], b[156:157] = b'0' * 11 + b'\\0', b'0' * 11 + b'\\0', b' ' * 8, kind
                b[257:265] = b'ustar\\00000'
                b[148:156] = b'%06o\\0 ' % sum(b)
                return b
            base = header(b'', b'0')
            fixed = sum(base) - sum(base[148:156]) + 8 * 32
            out = open('base.tar', 'wb', 1 << 20)
            for d in range(1000):
                out.write(header(b'd%03d/' % d, b'5'))
                for f in range(999):
                    name = b'd%03d/f%03d' % (d, f)
                    base[0:9] = name
                    base[148:156] = b'%06o\\0 ' % (fixed + sum(name))
                    out.write(base)
            out.write(bytes(1024))
            """
        try await workspace.write(script, to: "make.py")
        try await workspace.shell("python3 make.py")
        let imported = try await workspace.reel("image", "import", "--json", "base:1", "base.tar")
        try #require(imported.code == 0, "\(imported.errors)")
        try await workspace.write("FROM base:1\nCOPY --from=base:1 /d999/f998 /last\n", to: "c/Dockerfile")
        #expect(try await workspace.reel("build", "-q", "c").code == 0)
    }

    @Test("A sparse file of 4 GB stays sparse in the store", .timeLimit(.minutes(2)))
    func sparse() async throws {
        let workspace = try Workspace()
        try await workspace.shell("mkdir r; truncate -s 4G r/hole; echo end >>r/hole; tar -C r -cf base.tar .")
        let imported = try await workspace.reel("image", "import", "base:1", "base.tar")
        try #require(imported.code == 0, "\(imported.errors)")
        let kilobytes = try await workspace.shell("du -sk root | cut -f1")
        #expect((Int(kilobytes.dropLast()) ?? .max) < 16 << 10, "\(kilobytes)")
        try await workspace.write("FROM base:1 AS b\nFROM scratch\nCOPY --from=b /hole /x\n", to: "c/Dockerfile")
        #expect(try await workspace.reel("build", "-q", "-o", "out", "c").code == 0)
        #expect(try await workspace.shell("stat -c %s out/x; tail -c 4 out/x") == "4294967300\nend\n")
    }

    @Test("A bomb of gzip ends at its limit, and leaves nothing", .timeLimit(.minutes(4)))
    func bomb() async throws {
        let workspace = try Workspace()
        let script = """
            import gzip, tarfile
            zeros = gzip.compress(bytes(64 << 20), 9, mtime=0)
            with open('base.tar.gz', 'wb') as out:
                for n in range(4):
                    i = tarfile.TarInfo('f%d' % n)
                    i.size = 4 << 30
                    out.write(gzip.compress(i.tobuf(tarfile.GNU_FORMAT), mtime=0))
                    for _ in range(64): out.write(zeros)
                out.write(gzip.compress(bytes(1024), mtime=0))
            """
        try await workspace.write(script, to: "make.py")
        try await workspace.shell("python3 make.py")
        let imported = try await workspace.reel("image", "import", "bomb:1", "base.tar.gz")
        #expect(imported.code == 1 || imported.code == 12, "\(imported.code) \(imported.errors)")
        #expect(imported.errors.hasPrefix("reel: "), "\(imported.errors)")
        let kilobytes = try await workspace.shell("du -sk root | cut -f1")
        #expect((Int(kilobytes.dropLast()) ?? .max) < 8 << 10, "\(kilobytes)")
    }
}
