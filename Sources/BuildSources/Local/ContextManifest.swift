// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import Layers

/// Which permission bits of a context count.
public enum ContextModes: String, Sendable, CaseIterable {
    /// All twelve, as docker keeps them.
    case keep
    /// Git's two: 0755 for directories and for files that their owner may execute, else 0644.
    case git

    /// The bits that count of `mode`.
    public func apply(to mode: UInt16, isDirectory: Bool) -> UInt16 {
        switch self {
        case .keep: mode & 0o7777
        case .git: isDirectory || mode & 0o100 != 0 ? 0o755 : 0o644
        }
    }
}

/// One entry of a context.
public struct ContextEntry: Hashable, Sendable {
    /// What it is, with what only that kind has.
    public enum Content: Hashable, Sendable {
        /// A directory.
        case directory
        /// A regular file: its length in bytes, and the SHA-256 of them.
        case file(size: Int64, digest: ContentDigest)
        /// A symbolic link and its target, as it is.
        case symbolicLink(target: [UInt8])
        /// One more name of a file whose first name (in byte order) is `target`.
        case hardLink(target: [UInt8])
    }

    /// The path from the root, without a leading `/`.
    public var path: [UInt8]
    /// The twelve permission bits; 0777 for a symbolic link, the file's for a hard link.
    public var mode: UInt16
    /// What it is.
    public var content: Content
    /// `security.capability` and `user.*`, in byte order of their names; none for links.
    public var xattrs: [ExtendedAttribute]

    /// Makes an entry.
    public init(path: [UInt8], mode: UInt16, content: Content, xattrs: [ExtendedAttribute] = []) {
        self.path = path
        self.mode = mode
        self.content = content
        self.xattrs = xattrs
    }
}

/// What is in a context: every entry, in byte order of the whole paths. The root itself is not part of it.
///
/// Its encoding is text, a JSON object a line, with one spelling for one content; the SHA-256 of that text is the
/// digest of the context. `Docs/context.md` has the fields.
public struct ContextManifest: Hashable, Sendable {
    /// The entries.
    public let entries: [ContextEntry]

    /// Makes a manifest of entries that are in byte order already.
    public init(entries: [ContextEntry]) { self.entries = entries }

    /// The digest of the context: the SHA-256 of `encoded`.
    public var digest: ContentDigest { ContentDigest(of: encoded) }

    /// The same context with other permission bits.
    public func with(modes: ContextModes) -> ContextManifest {
        guard modes != .keep else { return self }
        return ContextManifest(
            entries: entries.map { entry in
                var copy = entry
                if case .symbolicLink = entry.content { return copy }
                copy.mode = modes.apply(to: entry.mode, isDirectory: entry.content == .directory)
                return copy
            }
        )
    }

    /// Regular files, hard links included, and the bytes of all of them, each file counted once.
    public var totals: (files: Int, bytes: Int64) {
        var files = 0
        var bytes: Int64 = 0
        for entry in entries {
            switch entry.content {
            case .file(let size, _):
                files += 1
                bytes += size
            case .hardLink: files += 1
            case .directory, .symbolicLink: break
            }
        }
        return (files, bytes)
    }

    /// The entry at `path`, found by halving.
    public func entry(at path: [UInt8]) -> ContextEntry? {
        index(at: path).map { entries[$0] }
    }

    /// The index of the entry at `path`.
    func index(at path: [UInt8]) -> Int? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].path.precedes(path) { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].path == path ? low : nil
    }
}

extension ContextManifest {
    /// The SHA-256 of a file's contents, also under its further names; `nil` for everything else.
    public func digest(of entry: ContextEntry) -> ContentDigest? {
        switch entry.content {
        case .file(_, let digest): digest
        case .hardLink(let target): self.entry(at: target).flatMap { digest(of: $0) }
        case .directory, .symbolicLink: nil
        }
    }
}
