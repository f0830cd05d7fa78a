// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Testing

/// A flipped byte, a full disk, a killed process: found, said, survived.
@Suite("Damage", .serialized)
struct DamageTests {
    private func built() async throws -> Workspace {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write("FROM busybox:static\nCOPY f /f\nRUN cat /f >/g\n", to: "ctx/Dockerfile")
        try await workspace.write("content of the file\n", to: "ctx/f")
        let built = try await workspace.reel("build", "-q", "-t", "x:1", "ctx")
        try #require(built.code == 0, "\(built.errors)")
        return workspace
    }

    /// Flips a bit of the byte at `offset` (from the end when negative).
    private static func flip(_ path: String, _ offset: Int) -> String {
        """
        python3 - '\(path)' <<'P'
        import sys, os
        p = sys.argv[1]; o = \(offset); o = o if o >= 0 else os.path.getsize(p) + o
        with open(p, 'r+b') as f:
            f.seek(o); b = f.read(1)[0]; f.seek(o); f.write(bytes([b ^ 1]))
        P
        """
    }

    @Test("A flipped byte in a blob is named by its digest", .timeLimit(.minutes(1)))
    func blob() async throws {
        let workspace = try await built()
        let blob = try await workspace.shell("ls -S root/blobs/sha256 | tail -n 1 | tr -d '\\n'")
        try await workspace.shell("chmod u+w 'root/blobs/sha256/\(blob)'; " + Self.flip("root/blobs/sha256/\(blob)", 0))
        let audit = try await workspace.reel("audit")
        #expect(audit.code == 12, "\(audit.output)\(audit.errors)")
        #expect((audit.output + audit.errors).contains(blob))
    }

    @Test("A changed event is named by its seq", .timeLimit(.minutes(1)))
    func event() async throws {
        let workspace = try await built()
        try await workspace.shell(
            """
            python3 - <<'P'
            import sqlite3
            d = sqlite3.connect('root/log.sqlite')
            for (name,) in d.execute("select name from sqlite_master where type='trigger'").fetchall():
                d.execute(f'drop trigger "{name}"')
            table = [n for (n, s) in d.execute("select name, sql from sqlite_master where type='table'") if 'leaf' in s][0]
            d.execute(f"update {table} set body = replace(body, 'x:1', 'y:1') where seq = 2")
            d.commit()
            P
            """
        )
        let audit = try await workspace.reel("audit")
        #expect(audit.code == 12, "\(audit.output)\(audit.errors)")
        #expect((audit.output + audit.errors).contains("2"))
    }

    @Test("A damaged or missing layer index is made again", .timeLimit(.minutes(1)))
    func layerIndex() async throws {
        let workspace = try await built()
        try await workspace.shell("for f in root/layers/*.erofs; do chmod u+w $f; head -c 2000 /dev/urandom >$f; done")
        let again = try await workspace.reel("build", "-q", "-t", "x:1", "--no-cache", "ctx")
        #expect(again.code == 0, "\(again.errors)")
        try await workspace.shell("rm -rf root/layers/* root/stat root/index.sqlite*")
        let third = try await workspace.reel("build", "-q", "-t", "x:1", "ctx")
        #expect(third.code == 0, "\(third.errors)")
        #expect(third.output == again.output)
        #expect(try await workspace.reel("audit").code == 0)
    }

    @Test("A missing blob of a cached step makes the step run again, and says so", .timeLimit(.minutes(1)))
    func missingBlob() async throws {
        let workspace = try await built()
        let events = try await workspace.events()
        let finished = try #require(events.last { $0["kind"]?.text == "step.finished" })
        let text = finished.canonicalText
        let mark = try #require(text.firstRange(of: #""diffID":"sha256:"#))
        let hex = String(text[mark.upperBound...].prefix(64))
        try await workspace.shell("rm -f root/blobs/sha256/\(hex)")
        let again = try await workspace.reel("build", "-q", "-t", "x:1", "ctx")
        #expect(again.code == 0, "\(again.errors)")
        #expect(try await workspace.count("blob.missing") == 1)
        #expect(try await workspace.reel("audit").code == 0)
    }

    @Test(
        "A full disk fails the build with a sentence, and the log stays sound",
        .enabled(if: getuid() == 0, "needs root to mount a small one"),
        .timeLimit(.minutes(2))
    )
    func fullDisk() async throws {
        let workspace = try Workspace()
        let tar = try await Workspace.busyboxTar()
        try await workspace.write(
            "FROM busybox:static\nRUN dd if=/dev/urandom of=/big bs=1M count=64\n",
            to: "ctx/Dockerfile"
        )
        let script = """
            mkdir small && mount -t tmpfs -o size=24m tmpfs small
            export REEL_ROOT=$PWD/small/root
            '\(Workspace.reel)' image import busybox:static '\(tar)'
            code=0; '\(Workspace.reel)' build ctx 2>errors || code=$?
            echo "code $code"; cat errors >&2
            '\(Workspace.reel)' audit >/dev/null && echo sound
            ls small/root/blobs/sha256 | grep -v -E '^[0-9a-f]{64}$' && echo leftover || true
            """
        let finished = try await workspace.run("unshare", ["--mount", "bash", "-eu", "-c", script])
        #expect(finished.output.contains("code 1"), "\(finished.output)\(finished.errors)")
        #expect(finished.output.contains("sound"), "\(finished.output)\(finished.errors)")
        #expect(!finished.output.contains("leftover"))
    }
}
