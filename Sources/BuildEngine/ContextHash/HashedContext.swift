// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import BuildSources

/// A context as its hashes see it: the files that count, and where their contents are.
///
/// What counts: all that the ignore rules leave, without the ignore file itself, and with the Dockerfile where it lies in
/// the context, even if it is ignored (then as a file of mode 0644). With a target only what its graph can reach.
public struct HashedContext: Sendable {
    /// What is in it, with the permission bits as they are on disk.
    public let manifest: ContextManifest
    /// Images whose configuration was not at hand, so that triggers in them could not be seen.
    public let unknownImages: [String]
    private let contents: any ContextContents

    init(manifest: ContextManifest, contents: any ContextContents, unknownImages: [String] = []) {
        self.manifest = manifest
        self.contents = contents
        self.unknownImages = unknownImages
    }

    /// What counts of a context that was read.
    ///
    /// - Parameters:
    ///   - read: What the ignore rules left.
    ///   - contents: Where its files are.
    ///   - ignoreFile: The path of the ignore file, which doesn't count.
    ///   - dockerfile: The name of the Dockerfile, and its bytes where there are any, which count where it lies inside.
    init(
        counting read: ContextManifest,
        contents: any ContextContents,
        ignoreFile: String?,
        dockerfile: (name: String, bytes: [UInt8]?),
        unknownImages: [String] = []
    ) {
        var manifest = read
        if let ignoreFile {
            let own = Array(ignoreFile.utf8)
            manifest = manifest.keeping { $0 != own }
        }
        var contents = contents
        if let bytes = dockerfile.bytes, let path = DockerfilePath.inContext(dockerfile.name),
            manifest.entry(at: path) == nil
        {
            manifest = manifest.adding(bytes, at: path)
            contents = ContentsWithFile(path: path, bytes: bytes, others: contents)
        }
        self.init(manifest: manifest, contents: contents, unknownImages: unknownImages)
    }

    /// reel's own hash: the digest of the manifest.
    public func digest(modes: ContextModes = .git) -> ContentDigest { manifest.with(modes: modes).digest }

    /// Hashes in the formats of other tools; blocks.
    ///
    /// - Throws: `ContextError` when a file can't be read, `ContextHashError` when the contents were not kept.
    public func hashes(
        _ formats: [ContextHashFormat],
        modes: ContextModes = .git,
        parallelism: Int
    ) throws -> [ContextHashFormat: ContextHash.Outcome] {
        guard !formats.isEmpty else { return [:] }
        return try ContextHash.compute(
            formats,
            of: manifest,
            contents: contents,
            modes: modes,
            parallelism: min(64, max(1, parallelism))
        )
    }
}

/// A context that can't be hashed.
public enum ContextHashError: Fault, Equatable {
    /// The build read no context of that name.
    case noContext(BuildID, name: String, known: [String])
    /// The build's context was a repository.
    case repository(BuildID, url: String)
    /// The build's context was recorded by its digests only, or was pruned.
    case notStored(String)
    /// A name was to be made of the hash, and there is no context.
    case nameWithoutContext(String)

    /// The kind, by which the exit code is chosen.
    public var kind: FaultKind {
        switch self {
        case .noContext, .nameWithoutContext, .repository: .usage
        case .notStored: .missing
        }
    }

    /// One sentence.
    public var description: String {
        switch self {
        case .noContext(let build, let name, let known) where known.isEmpty:
            "build \(build) read no context, so there is no '\(name)' to hash"
        case .noContext(let build, let name, let known):
            "build \(build) has no context '\(name)'; choose one with --context: \(known.joined(separator: ", "))"
        case .repository(let build, let url):
            "build \(build) read its context from \(url); 'reel context hash' takes that URL with the commit that it was pinned to"
        case .notStored(let path):
            "\(path): the contents of the build's context are not stored; the formats reel, h1 and sha256sums need none"
        case .nameWithoutContext(let name): "\(name): the build has no context that %CONTEXTHASH% could be a hash of"
        }
    }
}

/// Contents with one file more, whose bytes are here.
struct ContentsWithFile: ContextContents {
    let path: [UInt8]
    let bytes: [UInt8]
    let others: any ContextContents

    func read(_ path: [UInt8], _ body: (Span<UInt8>) throws -> Void) throws {
        guard path == self.path else { return try others.read(path, body) }
        if !bytes.isEmpty { try body(bytes.span) }
    }
}

/// Contents that were not kept.
struct ContentsNotStored: ContextContents {
    func read(_ path: [UInt8], _ body: (Span<UInt8>) throws -> Void) throws {
        throw ContextHashError.notStored(ContextPath.text(path))
    }
}
