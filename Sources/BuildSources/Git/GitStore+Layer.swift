// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import Layers
import SystemPackage

extension GitStore {
    /// How a commit becomes a layer, apart from what the request says.
    public struct LayerOptions: Sendable {
        /// What becomes of times.
        public var timestamps: TimestampPolicy
        /// The time of files, where neither the policy nor the request says another.
        public var now: Timestamp
        /// How many threads read, 1...64.
        public var parallelism: Int

        /// Makes options.
        public init(timestamps: TimestampPolicy, now: Timestamp, parallelism: Int) {
            self.timestamps = timestamps
            self.now = now
            self.parallelism = parallelism
        }
    }

    /// The layer that has the files of a resolved source; made where the commit was not made into one already.
    ///
    /// - Parameters:
    ///   - note: Is told of each thing that was done otherwise than meant, with the reason.
    ///   - transfer: Is told what fetching submodules transferred.
    /// - Throws: `GitError`, `LayerError`; nothing is left behind but what was fetched.
    public func layer(
        of resolution: GitResolution,
        options: LayerOptions,
        into layers: LayerStore,
        access: GitAccess = GitAccess(),
        reach: GitReach = .remote,
        largeFiles: (any LargeFileFetching)? = nil,
        note: @escaping @Sendable (String) -> Void = { _ in },
        transfer: @escaping @Sendable (GitTransfer) -> Void = { _ in }
    ) async throws -> GitLayer {
        let record = layerRecord(resolution, options)
        if var known = try Self.read(record), layers.contains(known.diffID) {
            known.isReused = true
            return known
        }
        try git.prepare()
        var assembly = GitAssembly(
            store: self,
            scratch: layers.blobs.scratch,
            access: access,
            reach: reach,
            largeFiles: largeFiles,
            note: note,
            transfer: transfer
        )
        try await assembly.add(resolution)
        let modified: Timestamp
        if resolution.request.usesCommitTime {
            modified = Timestamp(seconds: assembly.commitTime)
        } else if case .clamp(let epoch) = options.timestamps {
            modified = Timestamp(seconds: epoch)
        } else {
            modified = options.now
        }
        let files = assembly.sorted
        var large: [Int: GitCatFile] = [:]
        while true {
            let writing = GitLayerWriting(
                repositories: assembly.repositories,
                large: large,
                modified: modified,
                parallelism: options.parallelism
            )
            do {
                let layer = try await Offload.run {
                    try writing.write(files, to: layers.writer(timestamps: options.timestamps))
                }
                try write(layer, to: record)
                return layer
            } catch is GitLayerWriting.TooLarge where large.isEmpty {
                large = try await assembly.loadLarge(files)
            }
        }
    }

    /// The file that says which layer a commit became.
    private func layerRecord(_ resolution: GitResolution, _ options: LayerOptions) -> FilePath {
        let request = resolution.request
        var parts = [
            "1", resolution.commit.hex, request.subdirectoryParts.map { ContextPath.text($0) }.joined(separator: "/"),
            request.includesSubmodules ? "submodules" : "", request.fetchesLargeFiles ? "lfs" : "",
            request.allowsFoldedNames ? "folded" : "", request.usesCommitTime ? "commit" : "",
        ]
        // A relative URL of a submodule and what stands in .git depend on where the commit came from.
        if request.keepsGitDirectory { parts.append("git \(request.remote.url)") }
        switch options.timestamps {
        case .clamp(let epoch): parts.append(String(epoch))
        case .keep: parts.append("keep")
        }
        return folder.appending("layers").appending(ContentDigest(of: parts.joined(separator: "\n")).hex)
    }

    private static func read(_ path: FilePath) throws -> GitLayer? {
        guard let bytes = try CacheFile.read(path), let json = try? JSONValue(parsing: bytes),
            let diffID = json["diffID"]?.text.flatMap({ try? ContentDigest(parsing: $0) }),
            let files = json["files"]?.integer, let size = json["bytes"]?.integer
        else { return nil }
        let pointers = json["pointers"]?.elements?.compactMap(\.text) ?? []
        return GitLayer(diffID: diffID, files: Int(files), bytes: size, pointers: pointers)
    }

    private func write(_ layer: GitLayer, to path: FilePath) throws {
        let json: JSONValue = [
            "diffID": .string(layer.diffID.description), "files": .integer(Int64(layer.files)),
            "bytes": .integer(layer.bytes),
            "pointers": JSONValue(layer.pointers),
        ]
        try CacheFile.makeFolder(path.removingLastComponent())
        try CacheFile.write(json.canonicalBytes, to: path)
    }
}
