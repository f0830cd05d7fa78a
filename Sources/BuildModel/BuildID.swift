// SPDX-License-Identifier: Apache-2.0

/// The id of a build: a ULID, 26 lowercase characters of Crockford's base 32, ordered by time of start.
///
/// Source: github.com/ulid/spec: 48 bits of milliseconds, 80 bits of randomness.
public struct BuildID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The 26 lowercase characters.
    public let description: String

    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// Makes an id of a moment and of randomness, of which the low 80 bits count.
    public init(time: Timestamp, random: (UInt64, UInt64)) {
        let milliseconds = UInt64(clamping: time.nanoseconds / 1_000_000) & 0xFFFF_FFFF_FFFF
        var high = milliseconds << 16 | (random.0 & 0xFFFF)
        var low = random.1
        var units: [UInt8] = []
        for _ in 0..<26 {
            units.append(Self.alphabet[Int(low & 31)])
            low = low >> 5 | high << 59
            high >>= 5
        }
        description = String(decoding: units.reversed(), as: UTF8.self)
    }

    /// The time of start, in whole milliseconds.
    public var time: Timestamp {
        // Ten characters of five bits each hold the 48 bits of the time.
        let milliseconds = description.utf8.prefix(10).reduce(Int64(0)) { sum, character in
            sum << 5 | Int64(Self.alphabet.firstIndex(of: character) ?? 0)
        }
        return Timestamp(nanoseconds: milliseconds * 1_000_000)
    }

    /// Parses a whole id.
    ///
    /// - Throws: `BuildIDError` unless it is 26 characters of the alphabet (capitals are read as small letters).
    public init(parsing text: String) throws(BuildIDError) {
        let isCanonical = text.utf8.allSatisfy(Self.isOfAlphabet)
        guard text.utf8.count == 26, isCanonical || text.utf8.map(Self.lowercase).allSatisfy(Self.isOfAlphabet) else {
            throw BuildIDError(text: text)
        }
        description = isCanonical ? text : String(decoding: text.utf8.map(Self.lowercase), as: UTF8.self)
    }

    private static func lowercase(_ unit: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(unit) ? unit | 0x20 : unit
    }

    private static func isOfAlphabet(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "i"), UInt8(ascii: "l"), UInt8(ascii: "o"), UInt8(ascii: "u"): false
        default: (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(unit)
        }
    }

    /// Orders by time of start.
    public static func < (left: BuildID, right: BuildID) -> Bool { left.description < right.description }
}

/// Text that is no build id.
public struct BuildIDError: Fault, Equatable {
    /// What was given.
    public let text: String
    /// Always `.usage`.
    public var kind: FaultKind { .usage }
    /// One sentence.
    public var description: String { "'\(text)' is not a build id; 'reel history ls' lists them" }
}
