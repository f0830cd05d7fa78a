// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A way to give a file tree one hash, as some ordinary tool computes it.
public enum ContextHashFormat: String, Sendable, CaseIterable {
    /// The SHA-1 of git's tree object (`git write-tree`), which is also the SWHID of the directory.
    case gitTree = "git-tree"
    /// The same in a repository of SHA-256 objects.
    case gitTreeSHA256 = "git-tree-sha256"
    /// Go's `h1:` hash of a directory.
    case h1
    /// A file for `sha256sum -c`, and the SHA-256 of it.
    case sha256sums
    /// The SHA-256 of the Nix archive, as `nix hash path` prints it.
    case nar
    /// The SHA-256 of the tar that GNU tar makes with the options in `Docs/context-hash.md`.
    case tar
    /// BuildKit's content hash of the root directory.
    case buildkit
}

/// The hash of a tree in one format.
public struct ContextHashValue: Hashable, Sendable {
    /// The format.
    public let format: ContextHashFormat
    /// The hash, spelt as the format's own tools do.
    public let text: String
    /// The text that was hashed, for `.sha256sums` and `.h1`.
    public let document: [UInt8]?

    init(_ format: ContextHashFormat, _ text: String, document: [UInt8]? = nil) {
        self.format = format
        self.text = text
        self.document = document
    }
}

/// Why one format can't carry a tree that the others may carry.
public struct ContextHashRefusal: Fault, Equatable {
    /// The format.
    public let format: ContextHashFormat
    /// The path that it can't carry, spelt as `ContextPath.text` does.
    public let path: String
    /// Why, as a clause.
    public let reason: String

    init(_ format: ContextHashFormat, _ path: [UInt8], _ reason: String) {
        self.format = format
        self.path = ContextPath.text(path)
        self.reason = reason
    }

    /// Always `.failed`.
    public var kind: FaultKind { .failed }

    /// One sentence.
    public var description: String {
        "the format \(format.rawValue) can't carry '\(path)': \(reason); ignore it, or choose another format"
    }
}
