// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// Images that go to a registry, as other programs read them there.
@Suite("Pushing")
struct PushTests {
    private func build(_ workspace: Workspace, _ dockerfile: String, _ options: String...) async throws {
        try await workspace.write(dockerfile, to: "ctx/Dockerfile")
        let built = try await workspace.run(Workspace.reel, ["build", "-q"] + options + ["ctx"])
        try #require(built.code == 0, "\(built.errors)")
    }

    @Test("An image is pushed, read back by skopeo, and sent no second time", .timeLimit(.minutes(1)))
    func push() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await LoopbackRegistry.run(in: workspace) { registry in
            let name = "\(registry.host)/me/app:1"
            let dockerfile = "FROM busybox:static\nRUN echo x >/x\nCOPY Dockerfile /d\n"
            try await build(workspace, dockerfile, "--push", "-t", name)
            let kinds = try await workspace.events().compactMap { $0["kind"]?.text }
            #expect(kinds.count { $0 == "export.started" } == 2, "the store and the registry")
            try await workspace.shell(
                """
                skopeo --insecure-policy copy -q --src-tls-verify=false docker://\(name) oci:back:1
                skopeo inspect oci:back:1 | jq -e '.Layers | length == 3'
                skopeo inspect --raw oci:back:1 | jq -e 'all(.layers[]; .mediaType | endswith("tar+gzip"))'
                """
            )
            let sent = try registry.requests()
            try await build(workspace, dockerfile, "-o", "type=image,push=true,name=\(name)")
            let again = try registry.requests().dropFirst(sent.count)
            #expect(!again.contains { $0.hasPrefix("POST") || $0.hasPrefix("PATCH") }, "\(again)")
            #expect(again.contains { $0.hasPrefix("PUT /v2/me/app/manifests/1") })
        }
    }

    @Test("A base of the same registry is mounted, of another one passed on, and never stored", .timeLimit(.minutes(1)))
    func bases() async throws {
        let workspace = try Workspace()
        let other = try Workspace()
        try await other.importBusybox()
        try await LoopbackRegistry.run(in: workspace) { registry in
            try await build(other, "FROM busybox:static\nRUN echo x >/x\n", "--push", "-t", "\(registry.host)/base:1")
            let before = try registry.requests().count
            let dockerfile = "FROM \(registry.host)/base:1\nENV A=b\n"
            try await build(workspace, dockerfile, "-o", "type=registry,name=\(registry.host)/app:1")
            let asked = try registry.requests().dropFirst(before)
            #expect(asked.count { $0.hasPrefix("POST /v2/app/blobs/uploads/?mount=") } == 2, "\(asked)")
            #expect(asked.count { $0.hasPrefix("GET /v2/base/blobs") } == 1, "the configuration alone")
            #expect(try await workspace.count("layer.fetched") == 0)
            try await LoopbackRegistry.run(in: workspace, named: "second") { second in
                let name = "\(second.host)/app:1"
                try await build(workspace, dockerfile, "-o", "type=registry,name=\(name)")
                #expect(try await workspace.count("layer.fetched") == 0)
                try await workspace.shell(
                    """
                    skopeo inspect --tls-verify=false --raw docker://\(name) >one
                    skopeo inspect --tls-verify=false --raw docker://\(registry.host)/app:1 | cmp one -
                    skopeo --insecure-policy copy -q --src-tls-verify=false docker://\(name) oci:back:1
                    """
                )
            }
        }
    }

    @Test("Several platforms make an index, of which FROM takes its own", .timeLimit(.minutes(1)))
    func platforms() async throws {
        let workspace = try Workspace()
        try await LoopbackRegistry.run(in: workspace) { registry in
            let name = "\(registry.host)/multi:1"
            let dockerfile = "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /d-$TARGETARCH\nENV A=$TARGETARCH\n"
            let output = "type=registry,name=\(name)"
            try await build(workspace, dockerfile, "--platform", "linux/amd64,linux/arm64", "-o", output)
            for platform in ["amd64", "arm64"] {
                let from = "FROM \(name)\nCOPY --from=\(name) /d-\(platform) /again\n"
                let output = "type=local,dest=\(platform)"
                try await build(workspace, from, "--platform", "linux/\(platform)", "-o", output)
                try await workspace.shell("test -f \(platform)/again && test -f \(platform)/d-\(platform)")
            }
            try await workspace.write("FROM \(name)\n", to: "ctx/Dockerfile")
            let absent = try await workspace.reel("build", "--platform", "linux/s390x", "ctx")
            #expect(absent.code == 2)
            #expect(absent.errors.contains("linux/s390x") && absent.errors.contains("linux/arm64"))
        }
    }
}
