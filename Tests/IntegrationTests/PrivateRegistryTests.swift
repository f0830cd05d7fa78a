// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// A registry that wants to know who asks.
@Suite("A private registry")
struct PrivateRegistryTests {
    @Test("is read and written with a credential helper, and no secret reaches the log", .timeLimit(.minutes(1)))
    func helper() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.shell(
            #"""
            python3 -W ignore -c 'import crypt; print("me:" + crypt.crypt("hunter2", "$2b$04$abcdefghijklmnopqrstuu"))' >htpasswd
            mkdir bin docker
            printf '#!/bin/sh\nread host; echo "$host" >>%s/asked\necho "{\\"Username\\":\\"me\\",\\"Secret\\":\\"hunter2\\"}"\n' \
                "$PWD" >bin/docker-credential-test
            chmod +x bin/docker-credential-test
            """#
        )
        let extra = "auth: {htpasswd: {realm: r, path: \(workspace.folder)/htpasswd}}"
        try await LoopbackRegistry.run(in: workspace, extra: extra) { registry in
            try await workspace.write("FROM busybox:static\nENV A=b\n", to: "push/Dockerfile")
            try await workspace.write("FROM \(registry.host)/base:1\nRUN echo x >/x\n", to: "pull/Dockerfile")
            let push = ["build", "-q", "-o", "type=registry,name=\(registry.host)/base:1", "push"]
            let refused = try await workspace.run(Workspace.reel, push, environment: ["DOCKER_CONFIG": "docker"])
            #expect(refused.code == 1)
            #expect(refused.errors.contains("docker login \(registry.host)"), "\(refused.errors)")
            #expect(try await workspace.count("export.started") == 1, "the intent is in the log all the same")

            try await workspace.write(
                #"{"credHelpers": {"\#(registry.host)": "test"}}"#,
                to: "docker/config.json"
            )
            let path = "\(workspace.folder)/bin:" + (environment("PATH") ?? "/usr/bin:/bin")
            let changes = ["DOCKER_CONFIG": "docker", "PATH": path]
            for arguments in [push, ["build", "-q", "pull"]] {
                let done = try await workspace.run(Workspace.reel, arguments, environment: changes)
                #expect(done.code == 0, "\(done.errors)")
            }
            #expect(try await workspace.shell("sort -u asked") == registry.host + "\n")
            let found = try await workspace.shell("{ grep -rlaE 'hunter2|bWU6aHVudGVyMg' root || true; } | wc -l")
            #expect(found == "0\n")
        }
    }
}
