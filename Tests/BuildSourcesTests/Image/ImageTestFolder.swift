// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
import OCIModel
import Subprocess
import SystemPackage
import Testing

/// A folder with a store in it, removed when the test lets go of it.
final class ImageTestFolder: Sendable {
    let path: FilePath
    let layers: LayerStore

    init() throws {
        var template = Array("/tmp/reel-test-XXXXXX".utf8CString)
        try #require(unsafe mkdtemp(&template) != nil)
        path = FilePath(String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
        layers = try LayerStore(root: path.appending("store"))
    }

    deinit { _ = unsafe system("chmod -R u+rwx '\(path)' 2>/dev/null; rm -rf '\(path)'") }

    /// A path below the folder.
    func callAsFunction(_ name: String) -> FilePath { path.pushing(FilePath(name)) }

    /// A path below the folder, as text.
    func text(_ name: String) -> String { self(name).string }

    /// Runs a shell script in the folder, which must succeed, and returns what it printed.
    @discardableResult
    func shell(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let result = try await Subprocess.run(
            .name("sh"),
            arguments: ["-euc", script],
            workingDirectory: path,
            output: .string(limit: 16 << 20),
            error: .string(limit: 1 << 20)
        )
        try #require(
            result.terminationStatus.isSuccess,
            "\(script): \(result.standardError)",
            sourceLocation: sourceLocation
        )
        return result.standardOutput
    }

    /// The text of a file of a layer.
    func read(_ file: String, in snapshot: [ContentDigest]) throws -> String? {
        let view = try layers.view(Snapshot(layers: snapshot))
        guard let entry = try view.entry(at: Array(file.utf8), following: .all) else { return nil }
        return String(decoding: try view.read(entry), as: UTF8.self)
    }

    /// How many blobs the store has.
    var blobCount: Int { get throws { try layers.blobs.all().count } }

    /// Makes `layout`, an OCI layout with the images `a:1` (two layers, zstd and gzip) and `b:1`, by umoci.
    func makeLayout() async throws {
        try await shell(
            """
            umoci init --layout layout
            umoci new --image layout:a
            umoci unpack --rootless --image layout:a bundle
            mkdir bundle/rootfs/etc; echo one > bundle/rootfs/etc/one
            umoci repack --refresh-bundle --image layout:a bundle >/dev/null 2>&1
            echo two > bundle/rootfs/etc/two; rm bundle/rootfs/etc/one
            umoci repack --refresh-bundle --image layout:a bundle >/dev/null 2>&1
            umoci config --image layout:a --config.cmd /bin/a --manifest.annotation who=me
            umoci tag --image layout:a b
            umoci config --image layout:b --config.cmd /bin/b
            umoci gc --layout layout >/dev/null 2>&1
            """
        )
    }
}
