// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Testing

/// What root builds, an ordinary user builds too, with the same digests; and what is missing is said.
@Suite("An ordinary user", .serialized, .enabled(if: getuid() == 0, "needs root to become somebody else"))
struct RootlessBuildTests {
    /// The ids that the user gets below root.
    private static let range = "700000:65536"

    /// A folder that the user may work in, with a copy of `reel` that the user may run.
    private func workspace() async throws -> Workspace {
        let workspace = try Workspace()
        let script = """
            chmod 755 .; cp '\(Workspace.reel)' reel; cp -r '\(Workspace.repository)/Replays/'{hello,busybox} .
            chmod -R a+rX reel hello busybox
            """
        try await workspace.shell(script)
        return workspace
    }

    /// Runs a script as a user of its own, in a home of its own; `$REEL` is set.
    private func asUser(
        _ workspace: Workspace,
        range: String = Self.range,
        home: String = "home",
        prefix: String = "",
        _ script: String,
        environment: [String: String] = [:]
    ) async throws -> Finished {
        let folder = "\(workspace.folder)/\(home)"
        let start = """
            cd '\(workspace.folder)'
            exec \(prefix) '\(Workspace.repository)/Tests/as-user' '\(range)' '\(folder)' \
                sh -c 'cd; export REEL_ROOT="$HOME/root"; eval "$SCRIPT"'
            """
        var variables = ["REEL": workspace.folder + "/reel", "SCRIPT": script]
        variables.merge(environment) { $1 }
        return try await workspace.run("bash", ["-c", start], environment: variables)
    }

    private static let record =
        "mkdir -p w && cd w && \"$REEL\" --version >/dev/null && REPLAYS_SHARED=$PWD ../../hello/record"

    private static func manifest(_ finished: Finished) -> String? {
        finished.output.split(separator: "\n").last.map(String.init)
    }

    @Test(
        "The recorded build has root's digests, with mapped ids, with one, and on fuse-overlayfs",
        .timeLimit(.minutes(3))
    )
    func sameDigests() async throws {
        let workspace = try await workspace()
        let script = "mkdir w; cd w; REPLAYS_SHARED=$PWD REEL='\(workspace.folder)/reel' ../hello/record"
        let expected = try await workspace.shell(script).split(separator: "\n").last.map(String.init)
        #expect(expected?.hasPrefix("hello: 3 layers as committed, manifest sha256:") == true)
        let ways: [(range: String, driver: String)] = [
            (Self.range, ""), ("", ""), (Self.range, "fuse-overlayfs"), ("", "fuse-overlayfs"),
        ]
        for (number, way) in ways.enumerated() {
            let built = try await asUser(
                workspace,
                range: way.range,
                home: "home\(number)",
                Self.record,
                environment: ["REEL_DRIVER": way.driver]
            )
            #expect(built.code == 0, "\(way): \(built.errors)")
            #expect(Self.manifest(built) == expected, "\(way)")
        }
        #expect(try await workspace.shell("grep -c '\(workspace.folder)' /proc/self/mountinfo || true") == "0\n")
        #expect(
            try await workspace.shell("pgrep -f '[/]\(workspace.folder.dropFirst())' || true").isEmpty,
            "nothing runs on"
        )
    }

    /// Owners, whiteouts, opaque directories, links and modes, in steps that build on each other.
    private static let dockerfile = """
        FROM busybox:static
        RUN mkdir -p /d/e /gone; echo 1 >/d/e/f; ln /d/e/f /d/g; ln -s g /d/h; chmod 4750 /d/g; chown 33:44 /d/e
        RUN rm -r /gone /d/e; mkdir /d/e; touch /d/e/new; mkfifo /d/p; mknod /d/null c 1 3 || true; rm -f /d/null
        USER 7:8
        WORKDIR /work
        RUN echo mine >mine; id -u
        """

    @Test("Owners, whiteouts and links are root's too", .timeLimit(.minutes(3)))
    func owners() async throws {
        let workspace = try await workspace()
        let build = """
            ../hello/busybox-root b.tar && "$REEL" image import busybox:static b.tar >/dev/null
            mkdir c; printf '%s' "$FILE" >c/Dockerfile; "$REEL" build -q c
            """
        let expected = try await workspace.shell(
            "mkdir r; cd r; " + build,
            environment: ["REEL": workspace.folder + "/reel", "FILE": Self.dockerfile]
        )
        for driver in ["", "fuse-overlayfs"] {
            let built = try await asUser(
                workspace,
                home: "home-" + driver,
                build,
                environment: ["FILE": Self.dockerfile, "REEL_DRIVER": driver]
            )
            #expect(built.code == 0 && built.output == expected, "\(driver): \(built)")
        }
    }

    @Test("With one id, what needs more is said", .timeLimit(.minutes(3)))
    func oneID() async throws {
        let workspace = try await workspace()
        let script = """
            ../hello/busybox-root b.tar && "$REEL" image import busybox:static b.tar >/dev/null
            mkdir c; touch c/f
            build() { printf "FROM busybox:static\\n$1\\n" >c/Dockerfile; "$REEL" build --progress=plain c 2>&1; echo "code $?"; }
            build 'RUN true' | grep -c 'one id' || true
            build 'COPY --chown=5:6 f /f\\nRUN true' | grep -E 'WARN|code [0-9]'
            build 'RUN chown 5 /bin' | grep -E 'WARN|code [0-9]'
            build 'USER 5\\nRUN true' | grep -E '^reel|code [0-9]'
            "$REEL" log ls --json | grep -c '"kind":"fallback"'
            """
        let lines = try await asUser(workspace, range: "", script).output.split(separator: "\n")
        let cause = "one id only is mapped (/etc/subuid has no range for this user)"
        try #require(lines.count == 8, "\(lines)")
        #expect(lines[0] == "0", "a step that needs no more")
        #expect(lines[1].contains(cause) && lines[1].contains("'/f'"), "\(lines)")
        #expect(lines[2] == "code 0")
        #expect(lines[3].contains(cause) && lines[3].contains("may be why"), "\(lines)")
        #expect(lines[4] == "code 1", "\(lines)")
        #expect(lines[5].contains("a step as user 5:0 is not possible here"), "\(lines)")
    }

    @Test("Where the kernel refuses overlayfs, fuse-overlayfs serves, and the log says so", .timeLimit(.minutes(3)))
    func fuse() async throws {
        let workspace = try await workspace()
        // An overlay is no file system that another one could write to.
        let home = "mkdir -p o/l o/u o/w home; mount -t overlay x -o lowerdir=o/l,upperdir=o/u,workdir=o/w home"
        try await workspace.shell("echo '\(home); exec \"$@\"' >over")
        let prefix = "unshare --mount --propagation private sh -e over"
        let path = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin; "
        let script =
            path + "(" + Self.record + "); \"$REEL\" log ls --json | grep '\"kind\":\"fallback\"'; \"$REEL\" doctor"
        let built = try await asUser(workspace, prefix: prefix, script)
        #expect(built.output.contains("hello: 3 layers as committed"), "\(built)")
        #expect(built.output.contains("roots are served by fuse-overlayfs"), "\(built)")
        #expect(built.output.contains("fuse-overlayfs, since the kernel refuses overlayfs"), "\(built)")
        let without = try await asUser(workspace, prefix: prefix, "PATH=/nowhere; \"$REEL\" doctor")
        #expect(without.code == 1)
        #expect(without.output.contains("to mend it: sudo apt install fuse-overlayfs"), "\(without)")
    }

    /// What is missing, how it is provoked, and what doctor says of it.
    static let missing: [(range: String, prefix: String, script: String, says: [String])] = [
        (
            "", "", "\"$REEL\" doctor",
            [
                "/etc/subuid has no range for this user",
                "to mend it: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 reel-test",
            ]
        ),
        (
            "", "", "mkdir b; ln -s $(command -v crun) b; PATH=$PWD/b \"$REEL\" doctor",
            ["to mend it: sudo apt install uidmap && sudo usermod --add-subuids 100000-165535"]
        ),
        (
            range, "", "mkdir b; ln -s $(command -v crun) b; PATH=$PWD/b \"$REEL\" doctor",
            ["newuidmap and newgidmap are not installed", "to mend it: sudo apt install uidmap"]
        ),
        (
            range, "", "PATH=/nowhere \"$REEL\" doctor",
            // Of the folders for administrators, runc's is always looked into.
            ["to mend it: sudo apt install uidmap"]
        ),
        (
            // Of this user's own range, so that nobody may use it.
            "4711:1", "", "\"$REEL\" doctor",
            ["newuidmap or newgidmap refused", "to mend it: sudo apt install --reinstall uidmap"]
        ),
    ]

    @Test("Doctor names the command that mends what an ordinary user misses", arguments: missing.indices)
    func doctor(_ index: Int) async throws {
        let workspace = try await workspace()
        let one = Self.missing[index]
        let told = try await asUser(workspace, range: one.range, prefix: one.prefix, one.script)
        #expect(told.code == 1, "\(told)")
        for text in one.says { #expect(told.output.contains(text), "\(told)") }
    }

    @Test("Doctor names the setting that forbids user namespaces", .timeLimit(.minutes(3)))
    func forbidden() async throws {
        let workspace = try await workspace()
        // The limit is one of the user namespace; in one that has all ids it can be lowered without harm to others.
        let script = """
            mkfifo go
            unshare --user sh -c 'read x <go; exec setpriv --reuid 0 --regid 0 --clear-groups sh -ec "
                echo 0 >/proc/sys/user/max_user_namespaces
                exec setpriv --reuid 4711 --regid 4711 --clear-groups env REEL_ROOT=$PWD/data ./reel doctor"' &
            for i in $(seq 100); do
                [ "$(readlink /proc/$!/ns/user)" = "$(readlink /proc/self/ns/user)" ] || break
                sleep 0.02
            done
            mkdir -m 777 data
            echo 0 0 65536 >/proc/$!/uid_map; echo 0 0 65536 >/proc/$!/gid_map; echo >go
            code=0; wait $! || code=$?; echo "code $code"
            """
        let output = try await workspace.shell(script)
        #expect(output.contains("this process may not make namespaces"), "\(output)")
        #expect(output.contains("to mend it: sudo sysctl -w user.max_user_namespaces=15000"), "\(output)")
        #expect(output.hasSuffix("code 1\n"))
    }
}
