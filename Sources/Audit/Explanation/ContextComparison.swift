// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildEvents
import BuildModel
import BuildSources
import LLB
import Layers
import PathPatterns

/// One context as two builds had it.
struct ContextComparison {
    /// One of the two: what was in it, and what was left out.
    struct Side {
        let manifest: ContextManifest
        private let rules: PatternList
        private let file: String

        /// Reads what the record of a build has of a context.
        ///
        /// - Parameter attributes: The attributes of the source, whose patterns count where no ignore file is recorded.
        init(_ pin: SourceResolved, attributes: [String: String], blobs: BlobStore) throws {
            guard let blob = pin.blobs.first else { throw BlobError.missing(try ContentDigest(parsing: pin.pin)) }
            manifest = try ContextManifest(parsing: blobs.read(blob))
            if let record = IgnoreFileRecord(of: pin) {
                file = record.name
                rules = try record.rules(from: blobs).rules
            } else {
                file = "the patterns of the graph"
                let patterns = try attributes[SourceAttribute.localExcludePatterns].map { try JSONValue(parsing: $0) }
                rules = try PatternList(patterns?.elements?.compactMap(\.text) ?? [])
            }
        }

        /// Whether the rules leave `path` out, and the rule that decided.
        func decision(_ path: [UInt8]) -> (isIgnored: Bool, rule: FileCause.Rule?) {
            let decision = rules.decision(for: path)
            let rule = decision.rule.map { rules.patterns[$0] }.map { pattern in
                FileCause.Rule(file: file, line: pattern.line, text: pattern.spelling)
            }
            return (decision.isMatch, rule)
        }
    }

    let name: String
    let before: Side
    let after: Side

    /// The files that differ.
    ///
    /// - Parameters:
    ///   - visibleBefore: Whether the step could see a path in the older build.
    ///   - visibleAfter: Whether it can in the newer one.
    ///   - isSameSelection: Whether the step selects by the same words in both; else only what it selects in both counts,
    ///     since the rest follows from the words.
    func causes(
        visibleBefore: ([UInt8]) -> Bool,
        visibleAfter: ([UInt8]) -> Bool,
        isSameSelection: Bool
    ) -> [KeyCause] {
        contextDiff(before.manifest, after.manifest).compactMap { difference in
            let (was, now) = (visibleBefore(difference.path), visibleAfter(difference.path))
            return (isSameSelection ? was || now : was && now) ? .file(cause(of: difference)) : nil
        }
    }

    private func cause(of difference: ContextDifference) -> FileCause {
        let path = ContextPath.text(difference.path)
        if difference.changes == [.added] {
            let (was, now) = (before.decision(difference.path), after.decision(difference.path))
            guard was.isIgnored, !now.isIgnored else { return FileCause(name, path, .added) }
            // An exception that let it in, else the rule that is gone.
            return FileCause(name, path, .unignored, rule: now.rule ?? was.rule)
        }
        if difference.changes == [.removed] {
            let (was, now) = (before.decision(difference.path), after.decision(difference.path))
            guard now.isIgnored, !was.isIgnored else { return FileCause(name, path, .removed) }
            return FileCause(name, path, .ignored, rule: now.rule)
        }
        let old = difference.before.map(Self.words) ?? ""
        let new = difference.after.map(Self.words) ?? ""
        if difference.isModeOnly {
            let bits = (difference.before?.mode ?? 0) ^ (difference.after?.mode ?? 0)
            let change: FileCause.Change = bits & ~0o077 == 0 ? .modeOnly : .mode
            return FileCause(
                name,
                path,
                change,
                before: Self.octal(difference.before?.mode),
                after: Self.octal(difference.after?.mode)
            )
        }
        switch difference.changes.first {
        case .kind: return FileCause(name, path, .type, before: old, after: new)
        case .target: return FileCause(name, path, .target, before: old, after: new)
        case .links: return FileCause(name, path, .links)
        case .xattrs: return FileCause(name, path, .xattrs)
        case .mode: return FileCause(name, path, .mode)
        case .contents, .added, .removed, nil: return FileCause(name, path, .content)
        }
    }

    private static func octal(_ mode: UInt16?) -> String {
        let digits = String(mode ?? 0, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static func words(_ entry: ContextEntry) -> String {
        switch entry.content {
        case .directory: "a directory"
        case .file: "a file"
        case .hardLink: "a file"
        case .symbolicLink(let target): "a link to \(ContextPath.text(target))"
        }
    }
}
