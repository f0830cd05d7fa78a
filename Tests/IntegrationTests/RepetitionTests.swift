// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// Recorded builds built again, or on.
@Suite("Rerun and resume")
struct RepetitionTests {
    private static let dockerfile = """
        FROM busybox:static AS made
        COPY f /f
        RUN cat /f /f >/twice
        FROM busybox:static
        COPY --from=made /twice /twice
        RUN wc -c </twice >/count

        """

    private func workspace() async throws -> Workspace {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write(Self.dockerfile, to: "ctx/Dockerfile")
        try await workspace.write("content\n", to: "ctx/f")
        return workspace
    }

    @Test("A rerun needs no directory and runs nothing that is cached", .timeLimit(.minutes(1)))
    func rerun() async throws {
        let workspace = try await workspace()
        let built = try await workspace.reel("build", "-q", "-t", "x:1", "ctx")
        try #require(built.code == 0, "\(built.errors)")
        try await workspace.shell("rm -rf ctx")
        let ran = try await workspace.count("step.finished")
        let again = try await workspace.reel("rerun", "-q", "latest", "-o", "type=oci,dest=x.tar")
        #expect(again.output == built.output, "\(again.errors)")
        #expect(try await workspace.count("step.finished") == ran)
        try await workspace.shell("test -s x.tar")
        let stage = try await workspace.reel("rerun", "-q", "latest", "--target", "made", "-o", "type=local,dest=made")
        #expect(stage.code == 0, "\(stage.errors)")
        try await workspace.shell("test -s made/twice && ! test -e made/count")
        #expect(try await workspace.count("step.finished") == ran)
    }

    @Test("With --update-sources each source that moved is listed before and after", .timeLimit(.minutes(2)))
    func update() async throws {
        let workspace = try await workspace()
        let built = try await workspace.reel("build", "-q", "-t", "x:1", "ctx")
        try #require(built.code == 0, "\(built.errors)")
        let id = try #require(try await workspace.reel("history", "ls", "--json").json.last?["id"]?.text)
        let same = try await workspace.reel("rerun", "--update-sources", "-q", id)
        #expect(same.output == built.output, "\(same.errors)")
        #expect(!same.errors.contains("moved:"))

        // The name means another image now, and the context has another file.
        let tar = try await Workspace.busyboxTar()
        try await workspace.shell("cp '\(tar)' other.tar; mkdir etc; echo new >etc/new; tar -rf other.tar etc/new")
        #expect(try await workspace.reel("image", "import", "busybox:static", "other.tar").code == 0)
        try await workspace.write("other content\n", to: "ctx/f")
        let moved = try await workspace.reel("rerun", "--update-sources", "--json", id)
        try #require(moved.code == 0, "\(moved.errors)")
        let pins = try moved.json.filter { $0["subject"]?.text == "pin" }
        #expect(
            pins.map { $0["id"]?.text }
                == ["docker-image://docker.io/library/busybox:static", "local://context"]
        )
        #expect(pins.allSatisfy { $0["before"] != nil && $0["before"] != $0["after"] })
        let fresh = try await workspace.reel("build", "-q", "-t", "x:1", "ctx")
        #expect(fresh.output.isEmpty == false && fresh.output != built.output)
        let config = try #require(try moved.json.first { $0["status"] != nil }?["config"]?.text)
        #expect(fresh.output == config + "\n", "the same as building the directory anew")
        let text = try await workspace.reel("rerun", "--update-sources", id)
        #expect(text.errors.contains("moved: local://context from sha256:"))

        // A rerun without the option holds the pins.
        #expect(try await workspace.reel("rerun", "-q", id).output == built.output)
        // A directory that is gone is taken from the record, and that is said.
        try await workspace.shell("rm -rf ctx")
        let gone = try await workspace.reel("rerun", "--update-sources", "-q", id)
        #expect(gone.code == 0, "\(gone.errors)")
        let said = try await workspace.events().filter { $0["kind"]?.text == "fallback" }
        #expect(said.contains { $0["body"]?["is"]?["subject"]?.text == "local://context" })
    }

    /// A copy of the log that ends after event `seq`, sound in itself, with the blobs beside it.
    private static let cut = """
        import os, shutil, sqlite3, subprocess, sys
        source, target, seq = sys.argv[1], sys.argv[2], int(sys.argv[3])
        shutil.rmtree(target, ignore_errors=True)
        os.mkdir(target)
        for name in ['blobs', 'layers', 'oci-layout']:
            subprocess.run(['cp', '-al', f'{source}/{name}', f'{target}/{name}'], check=True)
        old, log = sqlite3.connect(f'{source}/log.sqlite'), sqlite3.connect(f'{target}/log.sqlite')
        old.backup(log)
        triggers = log.execute("select name, sql from sqlite_schema where type = 'trigger'").fetchall()
        events = log.execute('select count(*) from events').fetchone()[0]
        nodes = log.execute('select count(*) from nodes').fetchone()[0]
        forms = [lambda n: n - bin(n).count('1'), lambda n: 2 * n - bin(n).count('1')]
        [form] = [f for f in forms if f(events) == nodes]
        for name, _ in triggers: log.execute(f'drop trigger {name}')
        log.execute('delete from events where seq > ?', (seq,))
        log.execute('delete from nodes where number > ?', (form(seq),))
        for _, sql in triggers: log.execute(sql)
        log.commit()
        """

    @Test("A build that stopped after any of its events is resumed to the same digests", .timeLimit(.minutes(10)))
    func everyPrefix() async throws {
        let workspace = try await workspace()
        try await workspace.write(Self.cut, to: "cut.py")
        let built = try await workspace.reel("build", "-q", "-t", "x:1", "ctx")
        try #require(built.code == 0, "\(built.errors)")
        let events = try await workspace.events()
        let id = try #require(events.last?["build"]?.text)
        let seqs = events.filter { $0["build"]?.text == id }.compactMap { $0["seq"]?.integer }
        let first = try #require(seqs.first)
        let last = try #require(seqs.last)
        // Once everything is pinned, nothing of the directory is needed.
        let pinned = try #require(events.last { $0["kind"]?.text == "source.resolved" }?["seq"]?.integer)
        var steps = 0
        for seq in first..<last {
            try await workspace.shell("python3 cut.py root cut \(seq)\(seq == pinned ? "; mv ctx away" : "")")
            let resumed = try await workspace.reel("resume", "--root", "cut", "-q", id)
            #expect(resumed.output == built.output, "after event \(seq): \(resumed.errors)")
            let after = try await workspace.reel("log", "ls", "--json", "--root", "cut", "--after", "\(seq)").json
            func vertices(_ kind: String, in events: [JSONValue]) -> Set<String> {
                Set(events.filter { $0["kind"]?.text == kind }.compactMap { $0["body"]?["is"]?["vertex"]?.text })
            }
            let finished = vertices("step.finished", in: events.filter { ($0["seq"]?.integer ?? .max) <= seq })
            steps += finished.count
            #expect(vertices("step.finished", in: after).isDisjoint(with: finished), "after event \(seq)")
            #expect(finished.isSubset(of: vertices("step.reused", in: after)), "after event \(seq)")
        }
        #expect(steps > 0, "some prefixes have finished steps")
        let audit = try await workspace.reel("audit", "--root", "cut")
        #expect(audit.code == 0, "the cut log is a log like any other: \(audit.output)")
    }
}
