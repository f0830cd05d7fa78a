// SPDX-License-Identifier: Apache-2.0

import BuildExporters
public import BuildModel
import Glibc
import Layers
import OCIModel
public import SystemPackage

/// The files of a snapshot as files of a folder.
struct TreeExtraction {
    let layers: LayerStore
    /// A folder for what is written on the way.
    let scratch: FilePath

    /// Writes the files into `folder`, which exists.
    func write(_ snapshot: Snapshot, to folder: FilePath, epoch: Timestamp) async throws {
        var options = ExportOptions(type: .local)
        options.destination = .path(folder.string)
        let environment = ExportEnvironment(layers: layers, workingDirectory: folder, temporaryDirectory: scratch)
        let image = ExportImage(platform: .compiled, snapshot: snapshot, config: ImageConfig(platform: .compiled))
        let request = ExportRequest(images: [image], options: options, epoch: epoch)
        _ = try await options.exporter(in: environment).export(request)
        let layers = layers
        try await Offload.run { try Self.restoreOwners(in: folder, as: layers.view(snapshot)) }
    }

    /// Gives what was exported the owners that the snapshot says; an export belongs to whoever exports.
    private static func restoreOwners(in folder: FilePath, as view: LayerView) throws {
        try view.walk(from: try view.root) { entry in
            guard !entry.path.isEmpty else { return .descend }
            let path = folder.string + "/" + String(decoding: entry.path, as: UTF8.self)
            let attributes = entry.attributes
            guard unsafe lchown(path, attributes.uid, attributes.gid) == 0 else {
                throw SystemCallError("lchown", path)
            }
            // A change of owner takes away the bits for another identity.
            if entry.kind != .symbolicLink, unsafe chmod(path, mode_t(attributes.mode)) != 0 {
                throw SystemCallError("chmod", path)
            }
            return .descend
        }
    }
}

extension Engine {
    /// Keeps both trees of a layer that differs: `then` and `now` in a new folder, made with its parents.
    ///
    /// Deletions are not files, so they are in neither tree.
    ///
    /// - Throws: `SystemCallError` or `ExportError`; what was written by then stays.
    public func keepTrees(
        then: ContentDigest,
        now: ContentDigest,
        of report: ReplayReport,
        in folder: FilePath
    ) async throws {
        let full = FilePath(environment.absolute(folder.string))
        for (name, digest, layers) in [("then", then, report.origin), ("now", now, report.layers)] {
            let tree = full.appending(name)
            try Self.makeFolder(tree)
            try await TreeExtraction(layers: layers, scratch: self.folder.path)
                .write(Snapshot(layers: [digest]), to: tree, epoch: Timestamp(seconds: 0))
        }
    }
}
