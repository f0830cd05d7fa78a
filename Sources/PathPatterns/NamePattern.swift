// SPDX-License-Identifier: Apache-2.0

/// A pattern for one name, in which `**` is no more than `*`; a malformed one matches nothing.
///
/// Source: Go's `path/filepath.Match`.
public struct NamePattern: Sendable {
    private let pattern: PathPattern?

    /// Compiles `text`.
    public init(_ text: [UInt8]) { pattern = try? PathPattern(name: text) }

    /// Whether the whole name matches.
    public func matches(_ name: [UInt8]) -> Bool { pattern?.matches(name) ?? false }
}
