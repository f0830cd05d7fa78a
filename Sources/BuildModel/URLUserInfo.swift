// SPDX-License-Identifier: Apache-2.0

/// User and password in URLs, which must be taken out before a URL is recorded or shown.
public struct URLUserInfo: Hashable, Sendable {
    /// The user, with `%41` and the like decoded.
    public let user: String
    /// The password, decoded; `nil` where there is none.
    public let password: String?

    /// The value of an Authorization header that says the same.
    public var basicAuthorization: String { "basic \(Base64.string(Array("\(user):\(password ?? "")".utf8)))" }

    /// Parts a URL with a scheme into the URL without user and password, and these two.
    ///
    /// - Returns: `nil` for the second where the authority has no `@`, or the text is no `scheme://authority…`.
    public static func split(_ url: String) -> (plain: String, userInfo: URLUserInfo?) {
        guard let mark = url.firstRange(of: "://") else { return (url, nil) }
        let rest = url[mark.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        guard let at = authority.lastIndex(of: "@") else { return (url, nil) }
        let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let info = URLUserInfo(
            user: decoded(parts.first ?? ""),
            password: parts.count > 1 ? decoded(parts[1]) : nil
        )
        return (String(url[..<mark.upperBound] + rest[rest.index(after: at)...]), info)
    }

    /// `text` with the user and password of every URL in it taken out.
    ///
    /// A URL is taken to end at white space or a quote. The user of an `ssh` URL without password stays, since it is
    /// part of the address and no secret.
    public static func redacted(_ text: String) -> String {
        guard text.contains("://"), text.contains("@") else { return text }
        var out = ""
        var rest = text[...]
        while let mark = rest.firstRange(of: "://") {
            let scheme = rest[..<mark.lowerBound].lowercased()
            out += rest[..<mark.upperBound]
            rest = rest[mark.upperBound...]
            let authority = rest.prefix { !$0.isWhitespace && !"/?#'\"<>".contains($0) }
            guard let at = authority.lastIndex(of: "@") else { continue }
            if scheme.hasSuffix("ssh"), !authority[..<at].contains(":") { continue }
            rest = rest[rest.index(after: at)...]
        }
        return out + rest
    }

    private static func decoded(_ text: Substring) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(digits, radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
