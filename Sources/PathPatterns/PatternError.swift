// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A pattern that cannot be understood.
public struct PatternError: Fault, Equatable {
    /// What is wrong with it.
    public enum Reason: Equatable, Sendable {
        /// `!` with nothing after it.
        case emptyException
        /// A `[` without a `]`, an empty class, or a range without an end.
        case malformedClass
        /// A class such as `[z-a]`, which nothing matches.
        case reversedRange
        /// A backslash at the end.
        case danglingEscape
    }

    /// The pattern as it was written.
    public let pattern: String
    /// The file that it stands in, when it stands in one.
    public let file: String?
    /// The line in that file, from 1.
    public let line: Int?
    /// What is wrong with it.
    public let reason: Reason

    /// Always `.usage`.
    public var kind: FaultKind { .usage }

    /// One sentence: the place, the pattern, and what to write instead.
    public var description: String {
        let place = file.map { "\($0):\(line ?? 0): " } ?? ""
        let remedy =
            switch reason {
            case .emptyException: "is an exception to nothing; write a path after the '!'"
            case .malformedClass: "has a malformed '[...]'; close it, or write '\\[' for the character itself"
            case .reversedRange: "has a range whose end comes before its start; swap the two"
            case .danglingEscape: "ends in a single '\\'; write '\\\\' for the character itself"
            }
        return "\(place)the pattern '\(pattern)' \(remedy)"
    }
}
