// SPDX-License-Identifier: Apache-2.0

/// A SHA-256 content digest in its OCI spelling: `sha256:` and 64 lowercase hexadecimal digits.
///
/// Source: OCI image specification, "Descriptors", section "Digests".
public struct ContentDigest: Hashable, Sendable {
    /// The digest as four big-endian words, so that comparing words compares bytes.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Makes a digest of its 32 raw bytes.
    ///
    /// - Throws: `DigestError.malformed` when there are not exactly 32.
    public init(bytes: some Collection<UInt8>) throws(DigestError) { try self.init(bytes: Array(bytes)) }

    /// Makes a digest of its 32 raw bytes.
    ///
    /// - Throws: `DigestError.malformed` when there are not exactly 32.
    public init(bytes: [UInt8]) throws(DigestError) {
        guard bytes.count == 32 else { throw .malformed("\(bytes.count) bytes") }
        func word(_ start: Int) -> UInt64 {
            var word: UInt64 = 0
            for index in start..<start + 8 { word = word << 8 | UInt64(bytes[index]) }
            return word
        }
        words = (word(0), word(8), word(16), word(24))
    }

    /// Parses a digest from text.
    ///
    /// - Parameter text: The OCI spelling. Uppercase digits are rejected, so that one digest has one spelling.
    /// - Throws: `DigestError` if the algorithm is not SHA-256 or the digits are malformed.
    public init(parsing text: some StringProtocol) throws(DigestError) {
        guard text.hasPrefix("sha256:") else { throw .unsupportedAlgorithm(String(text)) }
        try self.init(hex: text.dropFirst("sha256:".count))
    }

    /// Parses a digest from text, as the function above.
    public init(parsing text: String) throws(DigestError) {
        let units = Array(text.utf8)
        guard units.starts(with: Self.prefix) else { throw .unsupportedAlgorithm(text) }
        try self.init(digits: units[Self.prefix.count...])
    }

    private static let prefix = Array("sha256:".utf8)

    /// Parses the 64 lowercase hexadecimal digits alone, as file names in an OCI layout have them.
    public init(hex: some StringProtocol) throws(DigestError) { try self.init(digits: Array(hex.utf8)[...]) }

    private init(digits: ArraySlice<UInt8>) throws(DigestError) {
        guard digits.count == 64 else { throw .malformed(String(decoding: digits, as: UTF8.self)) }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for index in 0..<64 {
            guard let nibble = Self.nibble(digits[digits.startIndex + index]) else {
                throw .malformed(String(decoding: digits, as: UTF8.self))
            }
            switch index >> 4 {
            case 0: words.0 = words.0 << 4 | UInt64(nibble)
            case 1: words.1 = words.1 << 4 | UInt64(nibble)
            case 2: words.2 = words.2 << 4 | UInt64(nibble)
            default: words.3 = words.3 << 4 | UInt64(nibble)
            }
        }
        self.words = words
    }

    private static func nibble(_ unit: UInt8) -> UInt8? {
        switch unit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): unit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): unit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// The 32 raw bytes.
    public var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(32)
        func append(_ word: UInt64) {
            for shift in stride(from: 56, through: 0, by: -8) {
                out.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        append(words.0)
        append(words.1)
        append(words.2)
        append(words.3)
        return out
    }

    /// The 64 lowercase hexadecimal digits, without the algorithm prefix.
    public var hex: String { Hexadecimal.string(bytes) }

    /// Whether both name the same content.
    public static func == (left: ContentDigest, right: ContentDigest) -> Bool { left.words == right.words }

    /// Feeds the digest's bytes to `hasher`.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

extension ContentDigest: Comparable {
    /// Orders digests by their bytes, which is also the order of their spelling.
    public static func < (left: ContentDigest, right: ContentDigest) -> Bool { left.words < right.words }
}

extension ContentDigest: CustomStringConvertible {
    /// The OCI spelling, which `init(parsing:)` accepts.
    public var description: String { "sha256:\(hex)" }
}

extension ContentDigest: Codable {
    /// Reads the OCI spelling.
    public init(from decoder: any Decoder) throws {
        try self.init(parsing: try decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the OCI spelling.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Text or bytes that are no SHA-256 digest.
public enum DigestError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The text does not start with `sha256:`.
    case unsupportedAlgorithm(String)
    /// What follows is not 64 lowercase hexadecimal digits.
    case malformed(String)

    /// One sentence that shows the text.
    public var description: String {
        switch self {
        case .unsupportedAlgorithm(let text): "'\(text)' is not a sha256 digest; write it as sha256:<64 hex digits>"
        case .malformed(let text): "'\(text)' is not a digest of 64 lowercase hexadecimal digits"
        }
    }
}
