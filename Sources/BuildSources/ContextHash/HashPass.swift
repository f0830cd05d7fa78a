// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers

/// One pass over the files of a tree that feeds all formats at once.
///
/// Hashes of single files are computed on several threads. The formats that hash one stream over all files get it from
/// the calling thread, in the order of the walk; large files are then read there.
struct HashPass: ~Copyable {
    /// What was computed of one file.
    private struct FileHashes: Sendable {
        var gitSHA1: [UInt8]?
        var gitSHA256: [UInt8]?
        var buildKit: ContentDigest?
        /// The contents, where a stream needs them and they are not large.
        var bytes: [UInt8]?
    }

    private let wanted: Set<ContextHashFormat>
    private let tree: ContextTree
    private let needsStream: Bool
    private var nar = NarHash()
    private var tar: TarHash
    private var gitSHA1 = GitTreeHash(sha256: false)
    private var gitSHA256 = GitTreeHash(sha256: true)
    private var buildKit = BuildKitHash()

    init(_ wanted: Set<ContextHashFormat>, tree: ContextTree, modes: ContextModes) {
        self.wanted = wanted
        self.tree = tree
        needsStream = wanted.contains(.nar) || wanted.contains(.tar)
        tar = TarHash(modes: modes)
    }

    /// Reads everything; the values come in no particular order.
    mutating func run(_ contents: some ContextContents, parallelism: Int) throws -> [ContextHashValue] {
        let (tree, wanted, needsStream) = (self.tree, self.wanted, self.needsStream)
        let files = tree.nodes.indices.filter { if case .file = tree.nodes[$0].entry.content { true } else { false } }
        let batches = Self.batches(files, tree)
        let reader = OrderedReading(count: batches.count, threads: parallelism, window: 24) { batch in
            try batches[batch].map { index -> FileHashes? in
                let node = tree.nodes[index]
                if needsStream, Self.size(node) > FileReading.wholeLimit { return nil }
                return try Self.hashes(of: node, wanted, contents, keepingBytes: needsStream) { _ in }
            }
        }
        defer { reader.stop() }
        var next = 0
        for batch in batches.indices {
            for (index, hashes) in zip(batches[batch], try reader.take(batch)) {
                while next < index { add(next); next += 1 }
                try addFile(index, hashes, contents)
                next += 1
            }
        }
        while next < tree.nodes.count { add(next); next += 1 }
        return finish()
    }

    private static func size(_ node: ContextTree.Node) -> Int64 {
        if case .file(let size, _) = node.entry.content { size } else { 0 }
    }

    private static func batches(_ files: [Int], _ tree: ContextTree) -> [[Int]] {
        var batches: [[Int]] = []
        var bytes: Int64 = 0
        for index in files {
            let size = Self.size(tree.nodes[index])
            if let last = batches.last, last.count < 64, bytes + size <= FileReading.wholeLimit {
                batches[batches.count - 1].append(index)
                bytes += size
            } else {
                batches.append([index])
                bytes = size
            }
        }
        return batches
    }

    /// Adds an entry that is no file.
    private mutating func add(_ index: Int) {
        let node = tree.nodes[index]
        if wanted.contains(.gitTree) { gitSHA1.add(node, blob: nil) }
        if wanted.contains(.gitTreeSHA256) { gitSHA256.add(node, blob: nil) }
        if wanted.contains(.buildkit) { buildKit.add(node, file: nil) }
        if wanted.contains(.nar) { nar.add(node) }
        if wanted.contains(.tar) { tar.add(node) }
    }

    private mutating func addFile(_ index: Int, _ given: FileHashes?, _ contents: some ContextContents) throws {
        let node = tree.nodes[index]
        let size = Self.size(node)
        if wanted.contains(.nar) { nar.add(node) }
        if wanted.contains(.tar) { tar.add(node) }
        let hashes: FileHashes
        if let given {
            hashes = given
            if let bytes = given.bytes { stream(bytes.span) }
        } else {
            hashes = try Self.hashes(of: node, wanted, contents, keepingBytes: false) { stream($0) }
        }
        if wanted.contains(.nar) { nar.endFile(size: size) }
        if wanted.contains(.tar) { tar.endFile(size: size) }
        if wanted.contains(.gitTree) { gitSHA1.add(node, blob: hashes.gitSHA1) }
        if wanted.contains(.gitTreeSHA256) { gitSHA256.add(node, blob: hashes.gitSHA256) }
        if wanted.contains(.buildkit) { buildKit.add(node, file: hashes.buildKit) }
    }

    private mutating func stream(_ bytes: Span<UInt8>) {
        if wanted.contains(.nar) { nar.contents(bytes) }
        if wanted.contains(.tar) { tar.contents(bytes) }
    }

    /// Reads one file, checks it, and computes what is wanted of it alone.
    private static func hashes(
        of node: ContextTree.Node,
        _ wanted: Set<ContextHashFormat>,
        _ contents: some ContextContents,
        keepingBytes: Bool,
        _ body: (Span<UInt8>) -> Void
    ) throws -> FileHashes {
        guard case .file(let size, let digest) = node.entry.content else { return FileHashes() }
        var plain = SHA256Hasher()
        var gitSHA1 = SHA1Hasher()
        var gitSHA256 = SHA256Hasher()
        var buildKit = SHA256Hasher()
        let (wantsSHA1, wantsSHA256) = (wanted.contains(.gitTree), wanted.contains(.gitTreeSHA256))
        let wantsBuildKit = wanted.contains(.buildkit)
        if wantsSHA1 { gitSHA1.update(GitObjects.header("blob", size)) }
        if wantsSHA256 { gitSHA256.update(GitObjects.header("blob", size)) }
        if wantsBuildKit { buildKit.update(BuildKitHash.header(node)) }
        var kept: [UInt8] = []
        if keepingBytes { kept.reserveCapacity(Int(size)) }
        try contents.read(node.contentPath) { bytes in
            plain.update(bytes)
            if wantsSHA1 { gitSHA1.update(bytes) }
            if wantsSHA256 { gitSHA256.update(bytes) }
            if wantsBuildKit { buildKit.update(bytes) }
            if keepingBytes { unsafe bytes.withUnsafeBufferPointer { unsafe kept.append(contentsOf: $0) } }
            body(bytes)
        }
        let actual = plain.digest()
        guard actual == digest else {
            throw ContextError.contentMismatch(
                path: ContextPath.text(node.contentPath),
                expected: digest,
                actual: actual
            )
        }
        return FileHashes(
            gitSHA1: wantsSHA1 ? gitSHA1.finish() : nil,
            gitSHA256: wantsSHA256 ? gitSHA256.digest().bytes : nil,
            buildKit: wantsBuildKit ? buildKit.digest() : nil,
            bytes: keepingBytes ? kept : nil
        )
    }

    private mutating func finish() -> [ContextHashValue] {
        var values: [ContextHashValue] = []
        if wanted.contains(.gitTree) { values.append(ContextHashValue(.gitTree, gitSHA1.finish())) }
        if wanted.contains(.gitTreeSHA256) { values.append(ContextHashValue(.gitTreeSHA256, gitSHA256.finish())) }
        if wanted.contains(.buildkit) { values.append(ContextHashValue(.buildkit, buildKit.finish())) }
        if wanted.contains(.nar) { values.append(ContextHashValue(.nar, nar.finish())) }
        if wanted.contains(.tar) { values.append(ContextHashValue(.tar, tar.finish())) }
        return values
    }
}

extension SHA1Hasher {
    /// Feeds a span.
    mutating func update(_ span: Span<UInt8>) {
        unsafe span.withUnsafeBytes { memory in unsafe update(memory) }
    }
}
