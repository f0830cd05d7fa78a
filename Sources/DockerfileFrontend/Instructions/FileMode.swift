// SPDX-License-Identifier: Apache-2.0

/// The value of `--chmod`: octal digits, or letters as the program chmod reads them.
///
/// Source: Dockerfile reference, "COPY --chown --chmod"; POSIX, chmod, "Extended description"; BuildKit's
/// `dispatchCopy` for what is octal.
enum FileMode: Hashable, Sendable {
    /// Permission bits, at most 07777.
    case octal(Int32)
    /// Letters, as they are written.
    case symbolic(String)

    init?(_ text: String) {
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            guard let bits = Int32(text, radix: 8), bits <= 0o7777 else { return nil }
            self = .octal(bits)
        } else {
            guard Self.isSymbolic(text) else { return nil }
            self = .symbolic(text)
        }
    }

    /// `[ugoa]*([-+=]([rwxXst]*|[ugo]))+`, several after commas.
    private static func isSymbolic(_ text: String) -> Bool {
        let clauses = text.split(separator: ",", omittingEmptySubsequences: false)
        return clauses.allSatisfy { clause in
            var rest = clause.utf8.drop { "ugoa".utf8.contains($0) }
            if rest.isEmpty { return false }
            while let sign = rest.popFirst() {
                guard "+-=".utf8.contains(sign) else { return false }
                if let copied = rest.first, "ugo".utf8.contains(copied) {
                    rest = rest.dropFirst()
                } else {
                    rest = rest.drop { "rwxXst".utf8.contains($0) }
                }
            }
            return true
        }
    }
}
