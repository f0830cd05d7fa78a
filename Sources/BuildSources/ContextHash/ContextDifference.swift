// SPDX-License-Identifier: Apache-2.0

import Layers

/// A path at which two contexts differ.
public struct ContextDifference: Hashable, Sendable {
    /// In what way they differ; one path may differ in several.
    public enum Change: String, Sendable, CaseIterable {
        /// Only the second context has it.
        case added
        /// Only the first context has it.
        case removed
        /// It is another kind of file.
        case kind
        /// The bytes of a file differ.
        case contents
        /// A symbolic link leads elsewhere.
        case target
        /// The name belongs to another file, or is no second name any more.
        case links
        /// Permission bits differ.
        case mode
        /// Extended attributes differ.
        case xattrs
    }

    /// The path.
    public let path: [UInt8]
    /// What differs, in the order of `Change`.
    public let changes: [Change]
    /// The entry of the first context.
    public let before: ContextEntry?
    /// The entry of the second context.
    public let after: ContextEntry?

    /// Whether the permission bits alone differ, which most often is the work of a umask.
    public var isModeOnly: Bool { changes == [.mode] }
}

/// Every path at which `first` and `second` differ, in byte order.
public func contextDiff(_ first: ContextManifest, _ second: ContextManifest) -> [ContextDifference] {
    var found: [ContextDifference] = []
    var (left, right) = (0, 0)
    while left < first.entries.count || right < second.entries.count {
        let before = left < first.entries.count ? first.entries[left] : nil
        let after = right < second.entries.count ? second.entries[right] : nil
        if let before, after.map({ before.path.precedes($0.path) }) ?? true {
            found.append(ContextDifference(path: before.path, changes: [.removed], before: before, after: nil))
            left += 1
        } else if let after, before.map({ after.path.precedes($0.path) }) ?? true {
            found.append(ContextDifference(path: after.path, changes: [.added], before: nil, after: after))
            right += 1
        } else if let before, let after {
            let changes = changes(from: before, in: first, to: after, in: second)
            if !changes.isEmpty {
                found.append(ContextDifference(path: before.path, changes: changes, before: before, after: after))
            }
            left += 1
            right += 1
        }
    }
    return found
}

private func changes(
    from before: ContextEntry,
    in first: ContextManifest,
    to after: ContextEntry,
    in second: ContextManifest
) -> [ContextDifference.Change] {
    var changes: [ContextDifference.Change] = []
    switch (before.content, after.content) {
    case (.directory, .directory): break
    case (.symbolicLink(let old), .symbolicLink(let new)): if old != new { changes.append(.target) }
    case (.file, .file), (.file, .hardLink), (.hardLink, .file), (.hardLink, .hardLink):
        if first.digest(of: before) != second.digest(of: after) { changes.append(.contents) }
        if linkTarget(before) != linkTarget(after) { changes.append(.links) }
    default: return [.kind]
    }
    if before.mode != after.mode { changes.append(.mode) }
    if before.xattrs != after.xattrs { changes.append(.xattrs) }
    return changes
}

private func linkTarget(_ entry: ContextEntry) -> [UInt8]? {
    if case .hardLink(let target) = entry.content { target } else { nil }
}
