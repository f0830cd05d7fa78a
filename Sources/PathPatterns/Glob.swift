// SPDX-License-Identifier: Apache-2.0

/// One element of a parsed pattern.
enum GlobToken: Hashable, Sendable {
    /// One character, as `Scalars` numbers it.
    case scalar(UInt32)
    /// `?`: any character but `/`.
    case anyScalar
    /// `[...]`: one character in (or, negated, out of) the ranges; may be `/`.
    case set(ranges: [ClosedRange<UInt32>], negated: Bool)
    /// `*`: any number of characters but `/`.
    case star
    /// `**` before something, a `/` after it included: nothing, or any characters up to and with a `/`.
    case anyDirectories
    /// `**` at the end: anything.
    case anything
}

/// The parser of patterns, for the two dialects that are in use.
///
/// Source: Go's `path/filepath.Match` for the syntax of everything but `**`, which is .dockerignore's.
struct GlobParser {
    private let bytes: [UInt8]
    private var at = 0
    /// Whether `**` crosses directories; else it is a `*`.
    private let crossing: Bool

    init(_ bytes: [UInt8], crossing: Bool) {
        self.bytes = bytes
        self.crossing = crossing
    }

    /// All elements, or what is wrong.
    mutating func parse() throws(GlobSyntaxError) -> [GlobToken] {
        var tokens: [GlobToken] = []
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "*"): tokens.append(takeStar())
            case UInt8(ascii: "?"):
                at += 1
                tokens.append(.anyScalar)
            case UInt8(ascii: "["): tokens.append(try takeSet())
            case UInt8(ascii: "\\"):
                at += 1
                guard at < bytes.count else { throw GlobSyntaxError(reason: .danglingEscape) }
                tokens.append(.scalar(takeScalar()))
            default: tokens.append(.scalar(takeScalar()))
            }
        }
        return tokens
    }

    private mutating func takeScalar() -> UInt32 {
        let (scalar, width) = Scalars.decode(bytes.span, at: at)
        at += width
        return scalar
    }

    private mutating func takeStar() -> GlobToken {
        at += 1
        guard crossing, at < bytes.count, bytes[at] == UInt8(ascii: "*") else { return .star }
        at += 1
        if at < bytes.count, bytes[at] == PathBytes.slash { at += 1 }
        return at == bytes.count ? .anything : .anyDirectories
    }

    private mutating func takeSet() throws(GlobSyntaxError) -> GlobToken {
        at += 1
        let negated = at < bytes.count && bytes[at] == UInt8(ascii: "^")
        if negated { at += 1 }
        var ranges: [ClosedRange<UInt32>] = []
        while at >= bytes.count || bytes[at] != UInt8(ascii: "]") || ranges.isEmpty {
            let low = try takeMember()
            var high = low
            if at < bytes.count, bytes[at] == UInt8(ascii: "-") {
                at += 1
                high = try takeMember()
            }
            guard low <= high else { throw GlobSyntaxError(reason: .reversedRange) }
            ranges.append(low...high)
        }
        at += 1
        return .set(ranges: ranges, negated: negated)
    }

    /// One end of a range; never `-` or `]` unless escaped.
    private mutating func takeMember() throws(GlobSyntaxError) -> UInt32 {
        guard at < bytes.count, bytes[at] != UInt8(ascii: "-"), bytes[at] != UInt8(ascii: "]") else {
            throw GlobSyntaxError(reason: .malformedClass)
        }
        if bytes[at] == UInt8(ascii: "\\") {
            at += 1
            guard at < bytes.count else { throw GlobSyntaxError(reason: .malformedClass) }
        }
        return takeScalar()
    }
}

/// What `GlobParser` throws; the owner of the pattern adds the place.
struct GlobSyntaxError: Error {
    let reason: PatternError.Reason
}
