// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// Recordings as people pass them on: through a registry, to a machine that has nothing else.
@Suite("Recordings, passed on")
struct RecordingTests {
    static let dockerfile = """
        FROM busybox:static
        COPY greeting.txt /greeting.txt
        RUN tr a-z A-Z </greeting.txt >/loud.txt && echo said
        """

    private func recorded() async throws -> (workspace: Workspace, id: String) {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write(Self.dockerfile, to: "ctx/Dockerfile")
        try await workspace.write("hello\n", to: "ctx/greeting.txt")
        for tag in ["one:1", "two:1"] {
            let built = try await workspace.reel("build", "-q", "-t", tag, "ctx")
            try #require(built.code == 0, "\(built.errors)")
        }
        // The second build, whose steps were all cached: what they printed comes from the first.
        let id = try #require(try await workspace.reel("history", "ls", "--json").json.first?["id"]?.text)
        let exported = try await workspace.reel("export", "recording", id, "-o", "build.reel")
        try #require(exported.code == 0, "\(exported.errors)")
        return (workspace, id)
    }

    @Test("A recording goes through a registry to an empty machine and is replayed there", .timeLimit(.minutes(3)))
    func throughRegistry() async throws {
        let (workspace, id) = try await recorded()
        try await workspace.shell(
            """
            port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
            printf 'version: 0.1\\nlog: {level: error}\\nstorage: {filesystem: {rootdirectory: %s/registry}}\\n\
            http: {addr: 127.0.0.1:%s}\\n' "$PWD" "$port" >registry.yml
            docker-registry serve registry.yml >registry.log 2>&1 & server=$!
            trap 'kill $server; wait $server || true' EXIT
            for try in $(seq 100); do
                python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])))' $port 2>/dev/null && break
                read -t 0.1 <> <(:) || true
            done
            skopeo copy -q --dest-tls-verify=false oci-archive:build.reel docker://127.0.0.1:$port/recordings/app:1
            skopeo copy -q --src-tls-verify=false docker://127.0.0.1:$port/recordings/app:1 oci-archive:back.reel
            rm -r ctx root
            """
        )
        let verify = Workspace.repository + "/Docs/verify/verify.py"
        for file in ["build.reel", "back.reel"] {
            let verified = try await workspace.run("python3", [verify, "recording", file])
            #expect(verified.code == 0, "\(verified.errors)")
        }
        let imported = try await workspace.reel("import", "back.reel")
        #expect(imported.code == 0, "\(imported.errors)")
        #expect(try await workspace.reel("export", "recording", id, "-o", "again.reel").code == 0)
        try await workspace.shell("cmp build.reel again.reel")
        #expect(try await workspace.reel("history", "logs", id).output == "said\n")
        #expect(try await workspace.reel("history", "inspect", id).output.contains("RUN tr"))
        #expect(try await workspace.reel("log", "ls", id).output.contains("build.finished"))
        #expect(try await workspace.reel("audit", id).code == 0)
        let replayed = try await workspace.reel("replay", "build.reel")
        #expect(replayed.code == 0, "\(replayed.errors)")
        let rerun = try await workspace.reel("rerun", "back.reel")
        #expect(rerun.code == 0, "\(rerun.errors)")
        #expect(try await workspace.count("recording.imported") == 1)
        #expect(try await workspace.reel("audit").code == 0)
    }

    @Test("A thin recording has no base; its replay says what is missing, and runs once that is here")
    func thin() async throws {
        let (workspace, id) = try await recorded()
        let exported = try await workspace.reel("export", "recording", id, "--thin", "-o", "thin.reel")
        #expect(exported.code == 0, "\(exported.errors)")
        let sizes = try await workspace.shell("stat -c %s thin.reel build.reel").split(separator: "\n").compactMap {
            Int($0)
        }
        #expect(sizes[0] * 5 < sizes[1], "\(sizes)")
        let other = ["REEL_ROOT": workspace.folder + "/other"]
        let missing = try await workspace.reel("replay", "thin.reel", environment: other)
        #expect(missing.code == 9 && missing.errors.contains("docker-image://docker.io/library/busybox:static"))
        let filled = try await workspace.reel("import", "build.reel", environment: other)
        #expect(filled.code == 0, "\(filled.errors)")
        #expect(try await workspace.reel("replay", "thin.reel", environment: other).code == 0)
        #expect(
            try await workspace.reel("export", "recording", id, "--thin", "-o", "t.reel", environment: other).code == 0
        )
        try await workspace.shell("cmp thin.reel t.reel")
    }

    @Test(
        "Whoever rewrites the log is found with a checkpoint in hand, by reel and without it",
        .timeLimit(.minutes(2))
    )
    func rewritten() async throws {
        let (workspace, _) = try await recorded()
        let key = try await workspace.reel("log", "key", "new", "build.example", "-o", "log.key")
        try await workspace.write(key.output, to: "log.pub")
        #expect(try await workspace.reel("log", "checkpoint", "--key", "log.key", "-o", "old").code == 0)
        #expect(try await workspace.reel("build", "-q", "-t", "three:1", "ctx").code == 0)
        #expect(try await workspace.reel("log", "checkpoint", "--key", "log.key", "-o", "new").code == 0)
        let verify = Workspace.repository + "/Docs/verify/verify.py"
        try await workspace.shell(
            """
            '\(Workspace.reel)' log prove --since old --checkpoint new >grown
            python3 '\(verify)' consistency old new grown --key log.pub
            '\(Workspace.reel)' log prove --event 7 --event 3 --checkpoint new >proofs
            '\(Workspace.reel)' log ls --raw | grep -E '"seq":(3|7),"time"' | tac >events
            python3 '\(verify)' events events proofs new --key log.pub
            sed 's/"time":1/"time":2/' events >changed
            if python3 '\(verify)' events changed proofs new; then exit 1; fi
            """
        )
        let sound = try await workspace.reel("audit", "--checkpoint", "old", "--verifier-key", "log.pub")
        #expect(sound.code == 0, "\(sound.output)\(sound.errors)")
        // The forger knows everything about the log: triggers, leaves, tree, index.
        try await workspace.shell(
            """
            python3 - <<'EOF'
            import hashlib, json, sqlite3
            db = sqlite3.connect("root/log.sqlite")
            triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
            for name, _ in triggers: db.execute("DROP TRIGGER " + name)
            rows = db.execute("SELECT seq, build, kind, version, time, body FROM events ORDER BY seq").fetchall()
            db.execute("DELETE FROM events"); db.execute("DELETE FROM nodes")
            peaks, number = [], 0
            for seq, build, kind, version, time, body in rows:
                if seq == 2: time += 1
                text = '{"body":%s,"build":%s,"kind":%s,"seq":%d,"time":%d,"version":%d}' % (
                    body, json.dumps(build), json.dumps(kind), seq, time, version)
                leaf = hashlib.sha256(b"\\0" + text.encode()).digest()
                db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", (seq, build, kind, version, time, body, leaf))
                index, node = seq - 1, leaf
                while index & 1:
                    node = hashlib.sha256(b"\\1" + peaks.pop() + node).digest()
                    number, index = number + 1, index >> 1
                    db.execute("INSERT INTO nodes VALUES (?, ?)", (number, node))
                peaks.append(node)
            for _, sql in triggers: db.execute(sql)
            db.commit()
            EOF
            rm -f root/index.sqlite*
            """
        )
        let forged = try await workspace.reel("audit", "--checkpoint", "old", "--verifier-key", "log.pub")
        #expect(forged.code == 12)
        #expect(forged.output.contains("are not those of the checkpoint"), "\(forged.output)")
        let prove = try await workspace.reel("log", "prove", "--since", "old")
        #expect(prove.code == 12 && prove.errors.contains("the log was changed"))
    }
}
