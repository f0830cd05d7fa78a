// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// Secrets reach the step that asks for them, and nothing else.
@Suite("Secrets")
struct SecretTests {
    /// Looks for values in every file below folders: as they are, in base64 (wherever it starts), hexadecimal and
    /// URL-encoded, also within gzip. Prints the file and the form of each find.
    private static let search = """
        import base64, gzip, os, sys, urllib.parse, zlib
        forms = {}
        for value in [bytes.fromhex(text) for text in sys.argv[1].split(",")]:
            forms[value] = "raw"
            forms[value.hex().encode()] = forms[value.hex().upper().encode()] = "hex"
            for safe in ("", "/"):
                forms[urllib.parse.quote(value, safe=safe).encode()] = "url"
                forms[urllib.parse.quote_plus(value, safe=safe).encode()] = "url"
            for shift in range(3):
                text = base64.b64encode(b"x" * shift + value).rstrip(b"=")
                # The characters that the value alone decides.
                forms[text[(shift * 8 + 5) // 6 : (shift + len(value)) * 8 // 6]] = "base64"
        def look(name, data, depth=0):
            for form, kind in forms.items():
                if form in data:
                    print(kind, name)
            start = data.find(b"\\x1f\\x8b\\x08")
            while start >= 0 and depth < 2:
                try:
                    inner = zlib.decompressobj(31).decompress(data[start:], 64 << 20)
                    if inner:
                        look(name + " (gzip)", inner, depth + 1)
                except zlib.error:
                    pass
                start = data.find(b"\\x1f\\x8b\\x08", start + 3)
        for folder in sys.argv[2:]:
            for where, _, files in os.walk(folder):
                for file in files:
                    path = os.path.join(where, file)
                    if os.path.isfile(path) and not os.path.islink(path):
                        with open(path, "rb") as opened:
                            look(path, opened.read())
        """

    private func finds(_ values: [String], in workspace: Workspace, _ folders: [String]) async throws -> [String] {
        let hex = values.map { value in
            value.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        let found = try await workspace.run("python3", ["-c", Self.search, hex.joined(separator: ",")] + folders)
        try #require(found.code == 0, "\(found.errors)")
        return Set(found.output.split(separator: "\n").map(String.init)).sorted()
    }

    @Test("A value is in no file of the data root, in no export and in nothing that is shown", .timeLimit(.minutes(3)))
    func canaries() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        let file = "canary-in-a-file/+?=%&~ 8Qz"
        let variable = "canary-in-a-variable/+?=%&~ 7Wy"
        let control = "canary-in-an-argument/+?=%&~ 6Vx"
        try await workspace.write(file + "\n", to: "secret")
        let dockerfile = """
            FROM busybox:static AS base
            ARG CONTROL
            RUN --mount=type=secret,id=f --mount=type=secret,id=v,env=VALUE cat /run/secrets/f && echo "$VALUE" >&2 && \\
                for c in $(echo "$VALUE" | sed 's/./& /g'); do printf %s "$c"; done && base64 </run/secrets/f && \\
                printf %s "$VALUE" | base64 && od -An -tx1 -v /run/secrets/f | tr -d ' \\n' && test -n "$CONTROL"
            RUN --mount=type=secret,id=f,target=/etc/place,mode=0444 test -s /etc/place && cp /etc/place /dev/null
            FROM base
            RUN --mount=type=secret,id=v,env=VALUE "$VALUE"; "$VALUE" 2>/dev/null; sh -c 'exec "$VALUE"'; exit 7
            """
        try await workspace.write(dockerfile, to: "c/Dockerfile")
        let shared = [
            "--secret", "id=f,src=secret", "--secret", "id=v,env=CANARY", "--build-arg", "CONTROL=\(control)", "c",
        ]
        let environment = ["CANARY": variable]
        var shown = ""
        for progress in ["plain", "rawjson"] {
            let good = try await workspace.run(
                Workspace.reel,
                [
                    "build", "--no-cache", "--progress=\(progress)", "--target", "base", "-t", "canary:1",
                    "--output", "type=oci,dest=out/oci.tar", "--output", "type=docker,dest=out/docker.tar",
                    "--output", "type=tar,dest=out/root.tar", "--output", "type=local,dest=out/local",
                    "--metadata-file", "out/metadata.json",
                ] + shared,
                environment: environment
            )
            try #require(good.code == 0, "\(good.errors)")
            let bad = try await workspace.run(
                Workspace.reel,
                ["build", "--progress=\(progress)"] + shared,
                environment: environment
            )
            #expect(bad.code == 1)
            shown += good.output + good.errors + bad.output + bad.errors
        }
        for command in [["history", "logs", "latest"], ["history", "inspect", "latest"], ["log", "ls", "--json"]] {
            let told = try await workspace.run(Workspace.reel, command)
            shown += told.output + told.errors
        }
        let replayed = try await workspace.reel("replay", "latest")
        shown += replayed.output + replayed.errors
        #expect(shown.contains("***"), "what the step printed is there, masked")
        try await workspace.write(shown, to: "shown/text")

        let folders = ["root", "out", "shown"].map { workspace.folder + "/" + $0 }
        #expect(try await finds([file, variable], in: workspace, folders) == [])
        #expect(try await !finds([control], in: workspace, folders).isEmpty, "the search finds what is no secret")
        #expect(try await workspace.count("secret.used") > 0)
    }

    @Test("A required secret that is missing ends the build with 10, with its place, before anything runs")
    func missing() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write(
            "FROM busybox:static\nRUN echo first\nRUN --mount=type=secret,id=key,required true\n",
            to: "c/Dockerfile"
        )
        let built = try await workspace.reel("build", "c")
        #expect(built.code == 10)
        #expect(built.errors.contains("Dockerfile:3:1: the secret 'key' is required"), "\(built.errors)")
        #expect(try await workspace.count("step.started") == 0)
        let absent = try await workspace.reel("build", "--secret", "id=key,src=nowhere", "c")
        #expect(absent.code == 10)
        #expect(try await workspace.count("step.started") == 0)
    }

    @Test(
        "A step signs with the agent that --ssh names, and no key is in the image",
        .enabled(if: isRoot, "ssh-keygen wants its user in /etc/passwd"),
        .timeLimit(.minutes(2))
    )
    func agent() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        // Debian's ssh-add with the libraries that it needs.
        try await workspace.shell(
            """
            mkdir -p c/root/usr/bin && cp /usr/bin/ssh-add c/root/usr/bin/
            ldd /usr/bin/ssh-add | grep -o '/[^ ]*' | while read -r library; do
                mkdir -p "c/root$(dirname "$library")" && cp -L "$library" "c/root$library"
            done
            """
        )
        let dockerfile = """
            FROM busybox:static
            COPY root /
            RUN --mount=type=ssh ssh-add -l >/keys
            RUN --mount=type=ssh,id=other,target=/agent,mode=0666 SSH_AUTH_SOCK=/agent ssh-add -l >/others
            RUN test ! -e /agent
            """
        try await workspace.write(dockerfile, to: "c/Dockerfile")
        let keys = try await workspace.shell(
            """
            ssh-keygen -q -t ed25519 -N '' -C reel-test -f key
            eval "$(ssh-agent -s -a "$PWD/agent")" >/dev/null
            trap 'kill $SSH_AGENT_PID' EXIT
            ssh-add -q key
            '\(Workspace.reel)' build -q --ssh default --ssh other="$SSH_AUTH_SOCK" --output type=local,dest=out c >&2
            cat out/keys out/others
            """
        )
        let lines = keys.split(separator: "\n")
        #expect(lines.count == 2 && lines.allSatisfy { $0.contains("reel-test (ED25519)") }, "\(keys)")
        let none = try await workspace.reel(
            "build",
            "--no-cache",
            "--ssh",
            "default",
            "c",
            environment: ["SSH_AUTH_SOCK": ""]
        )
        #expect(none.code == 2)
    }
}
