// SPDX-License-Identifier: Apache-2.0

/// The name of a git object: 20 bytes of SHA-1, or 32 of SHA-256.
public struct GitObjectID: Hashable, Sendable, CustomStringConvertible {
    /// The bytes.
    public let bytes: [UInt8]

    /// Takes the bytes as they stand in a tree; `nil` where there are neither 20 nor 32.
    init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 20 || bytes.count == 32 else { return nil }
        self.bytes = Array(bytes)
    }

    /// Reads 40 or 64 hexadecimal digits of either case; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard digits.count == 40 || digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Self.value(digits[index]), let low = Self.value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    /// Whether it is of a repository with SHA-256.
    public var isSHA256: Bool { bytes.count == 32 }

    /// The hexadecimal digits, in lower case.
    public var hex: String {
        let digits = bytes.flatMap { [ContextPath.hexDigit($0 >> 4), ContextPath.hexDigit($0 & 15)] }
        return String(decoding: digits, as: UTF8.self)
    }

    /// The hexadecimal digits.
    public var description: String { hex }

    private static func value(_ digit: UInt8) -> UInt8? {
        (0x41...0x46).contains(digit) ? digit - 0x41 + 10 : ContextPath.nibble(digit)
    }
}
