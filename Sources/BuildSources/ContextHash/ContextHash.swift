// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers

/// Hashes of a context in the formats of other tools.
public enum ContextHash {
    /// The outcome for each format: the hash, or why that format can't carry the tree.
    public typealias Outcome = Result<ContextHashValue, ContextHashRefusal>

    /// Computes the hashes of a context.
    ///
    /// Each file is read at most once, on several threads, and not at all for `.h1` and `.sha256sums`; what is read is
    /// compared with the manifest.
    /// - Parameters:
    ///   - formats: What to compute.
    ///   - manifest: The context, with its permission bits as they are on disk.
    ///   - contents: Where the files are.
    ///   - modes: Which permission bits count in the formats that have any; `.git` for a hash that no umask changes.
    ///   - parallelism: The number of threads, 1...64.
    /// - Returns: An outcome for each of `formats`.
    /// - Throws: `ContextError` when a file can't be read or is not what the manifest says.
    public static func compute(
        _ formats: [ContextHashFormat],
        of manifest: ContextManifest,
        contents: some ContextContents,
        modes: ContextModes = .git,
        parallelism: Int = 2
    ) throws -> [ContextHashFormat: Outcome] {
        var outcomes: [ContextHashFormat: Outcome] = [:]
        let list = ChecksumList(manifest)
        if formats.contains(.h1) {
            outcomes[.h1] = Outcome { () throws(ContextHashRefusal) in try list.h1() }
        }
        if formats.contains(.sha256sums) {
            outcomes[.sha256sums] = Outcome { () throws(ContextHashRefusal) in try list.sha256sums() }
        }
        let tree = ContextTree(manifest, modes: modes)
        var wanted = Set(formats).subtracting([.h1, .sha256sums])
        for format in [ContextHashFormat.gitTree, .gitTreeSHA256] where wanted.contains(format) {
            if let refusal = GitTreeHash.refusal(format, tree) {
                outcomes[format] = .failure(refusal)
                wanted.remove(format)
            }
        }
        guard !wanted.isEmpty else { return outcomes }
        var pass = HashPass(wanted, tree: tree, modes: modes)
        for value in try pass.run(contents, parallelism: parallelism) { outcomes[value.format] = .success(value) }
        return outcomes
    }
}
