// SPDX-License-Identifier: Apache-2.0

/// Lowercase hexadecimal text of bytes.
public enum Hexadecimal {
    /// Two lowercase digits for each byte.
    public static func string(_ bytes: some Collection<UInt8>) -> String {
        let digits: StaticString = "0123456789abcdef"
        return unsafe String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
            var at = 0
            for byte in bytes {
                unsafe buffer[at] = digits.utf8Start[Int(byte >> 4)]
                unsafe buffer[at + 1] = digits.utf8Start[Int(byte & 15)]
                at += 2
            }
            return at
        }
    }
}
