// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import OCIModel
public import PathPatterns

/// What of a context is wanted, and in which form.
public struct LocalContextOptions: Sendable {
    /// Patterns of what is wanted, as LLB's local source has them; none for everything.
    public var include: [String]
    /// Patterns of what is not wanted, with exceptions (`!`), as LLB's local source has them.
    public var exclude: [String]
    /// Paths that are wanted together with what symbolic links on them point to.
    public var followPaths: [String]
    /// Rules of an ignore file, used instead of `exclude` where they are given.
    public var ignore: PatternList?
    /// Which permission bits count.
    public var modes: ContextModes
    /// What becomes of times in the layer: with `.clamp` every time is the epoch, since times don't count.
    public var timestamps: TimestampPolicy
    /// Whether to read every file, whatever the stat cache says.
    public var verify: Bool
    /// Whether to make the context layer; else only digests are computed.
    public var makesLayer: Bool
    /// How many threads read and hash, 1...64.
    public var parallelism: Int

    /// Makes options; what is left out means everything, as docker does it.
    public init(
        include: [String] = [],
        exclude: [String] = [],
        followPaths: [String] = [],
        ignore: PatternList? = nil,
        modes: ContextModes = .keep,
        timestamps: TimestampPolicy = .default,
        verify: Bool = false,
        makesLayer: Bool = true,
        parallelism: Int = 2
    ) {
        self.include = include
        self.exclude = exclude
        self.followPaths = followPaths
        self.ignore = ignore
        self.modes = modes
        self.timestamps = timestamps
        self.verify = verify
        self.makesLayer = makesLayer
        self.parallelism = parallelism
    }
}

/// Something that was left out of a context although no rule says so.
public struct SkippedEntry: Hashable, Sendable {
    /// Its path, spelt as `ContextPath.text` does.
    public let path: String
    /// Why, such as `socket`.
    public let reason: String
}

/// A context as it was read.
public struct LocalContext: Sendable {
    /// What is in it.
    public let manifest: ContextManifest
    /// The digest of the context, which is that of the manifest's encoding, and so of its blob.
    public let digest: ContentDigest
    /// The layer that holds it; `nil` when none was asked for.
    public let layer: ContentDigest?
    /// Regular files, hard links included.
    public let files: Int
    /// Their bytes, each file counted once.
    public let bytes: Int64
    /// How many files were read anew, which is a matter of the stat cache.
    public let filesRead: Int
    /// What was left out, in byte order of the paths.
    public let skipped: [SkippedEntry]

    /// The context as a file tree; `nil` without a layer.
    public var snapshot: Snapshot? { layer.map { Snapshot(layers: [$0]) } }
}
