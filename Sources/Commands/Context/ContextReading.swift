// SPDX-License-Identifier: Apache-2.0

import BuildModel
import BuildSources
import Layers
import PathPatterns
import SystemPackage

/// Reads a context and hashes it, without a store.
struct ContextReading: Sendable {
    /// A way to hash a context.
    enum Format: Sendable {
        /// reel's own: the digest of the manifest.
        case reel
        /// One that another tool computes.
        case other(ContextHashFormat)
    }

    /// A hash, or why there is none.
    struct Hash: Sendable {
        var format: String
        var text: String?
        var document: [UInt8]?
        var refusal: ContextHashRefusal?
    }

    let directory: FilePath
    /// Relative to the directory, or absolute; its own ignore file counts in place of the directory's.
    let dockerfile: String
    let modes: ContextModeChoice?
    /// An ignore file that counts in place of the context's own.
    var givenIgnoreFile: String?

    /// What is in the context, in byte order; blocks.
    func entries() throws -> [ContextEntry] { try read().manifest.entries }

    private func read() throws -> LocalContext {
        try LocalContextReader(layers: nil, statDirectory: nil).read(
            root: directory,
            options: LocalContextOptions(ignore: ignoreFile()?.rules, makesLayer: false)
        )
    }

    /// The hashes, one for each format, in the same order; blocks.
    func hashes(_ formats: [Format]) throws -> [Hash] {
        let context = try read()
        return try Self.hashes(
            formats,
            of: context.manifest,
            contents: DirectoryContents(root: directory),
            modes: modes
        )
    }

    /// The hashes of a context that was read already; blocks.
    static func hashes(
        _ formats: [Format],
        of manifest: ContextManifest,
        contents: some ContextContents,
        modes: ContextModeChoice?
    ) throws -> [Hash] {
        let others = formats.compactMap { format in if case .other(let other) = format { other } else { nil } }
        let outcomes =
            others.isEmpty
            ? [:]
            : try ContextHash.compute(
                others,
                of: manifest,
                contents: contents,
                modes: modes == .keep ? .keep : .git
            )
        return formats.map { format in
            switch format {
            case .reel:
                let manifest = manifest.with(modes: modes == .git ? .git : .keep)
                return Hash(format: "reel", text: manifest.digest.description, document: manifest.encoded)
            case .other(let other):
                var hash = Hash(format: other.rawValue)
                switch outcomes[other] {
                case .success(let value)?: (hash.text, hash.document) = (value.text, value.document)
                case .failure(let refusal)?: hash.refusal = refusal
                case nil: break
                }
                return hash
            }
        }
    }

    /// The ignore rules in force; `nil` where there are none.
    func ignoreFile() throws -> IgnoreFile? {
        if let givenIgnoreFile {
            return try IgnoreFile(parsing: InputFile.read(givenIgnoreFile, limit: 16 << 20), name: givenIgnoreFile)
        }
        let own = dockerfile.hasPrefix("/") ? FilePath(dockerfile) : directory.appending(dockerfile)
        for path in [own.string + ".dockerignore", directory.appending(".dockerignore").string]
        where FileKind.exists(path) {
            return try IgnoreFile(parsing: InputFile.read(path, limit: 16 << 20), name: path)
        }
        return nil
    }
}
