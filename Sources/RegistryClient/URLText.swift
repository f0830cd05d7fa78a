// SPDX-License-Identifier: Apache-2.0

/// The little that is needed of URLs as text.
public enum URLText {
    /// Scheme and authority, such as `https://host:5000`; `nil` for anything but HTTP.
    public static func origin(_ url: String) -> String? {
        for scheme in ["https://", "http://"] where url.lowercased().hasPrefix(scheme) {
            let authority = url.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            return authority.isEmpty || authority.contains("@") ? nil : scheme + authority.lowercased()
        }
        return nil
    }

    /// Where `location` leads from `base`; `nil` where it leads nowhere that is HTTP.
    ///
    /// Source: RFC 3986, section 5.3, as far as registries use it.
    public static func resolve(_ location: String, from base: String) -> String? {
        if location.contains("://") { return origin(location) == nil ? nil : location }
        guard let origin = origin(base) else { return nil }
        if location.hasPrefix("//") { return origin.prefix { $0 != "/" } + location }
        if location.hasPrefix("/") { return origin + location }
        let path = base.dropFirst(origin.count).prefix { $0 != "?" && $0 != "#" }
        if location.hasPrefix("?") { return origin + path + location }
        return origin + (path.lastIndex(of: "/").map { String(path[...$0]) } ?? "/") + location
    }

    /// The host of a URL without its port, in lower case; with brackets where it is an address of 16 bytes.
    public static func host(_ url: String) -> String {
        let authority = (origin(url) ?? "").drop { $0 != "/" }.dropFirst(2)
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return String(authority[...end]) }
        return String(authority.prefix { $0 != ":" })
    }

    /// The text with `%41` and the like decoded, where that gives text.
    public static func decoded(_ text: String) -> String {
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
        return String(validating: bytes, as: UTF8.self) ?? text
    }

    /// Fields as a query, with everything escaped but letters, digits and `-._~:/`.
    static func query(_ fields: [(String, String)]) -> String {
        fields.map { "\(escape($0.0))=\(escape($0.1))" }.joined(separator: "&")
    }

    private static func escape(_ text: String) -> String {
        text.utf8.map { unit in
            let character = Character(UnicodeScalar(unit))
            if character.isASCII, character.isLetter || character.isNumber || "-._~:/".contains(character) {
                return String(character)
            }
            let hex = String(unit, radix: 16, uppercase: true)
            return "%" + (hex.count == 1 ? "0" : "") + hex
        }.joined()
    }
}
