// SPDX-License-Identifier: Apache-2.0

/// How a registry wants to be asked, as its answer 401 says.
///
/// Source: RFC 9110, section 11.6.1; Distribution, "Token Authentication Specification".
enum Challenge: Hashable {
    /// User and password with each request.
    case basic
    /// A token from another server.
    case bearer(realm: String, service: String?, scope: String?)

    /// Reads the value of `WWW-Authenticate`; the first scheme that is known counts. `nil` where none is.
    init?(_ header: String) {
        let lower = header.lowercased()
        if lower.hasPrefix("bearer ") {
            let values = Self.parameters(header.dropFirst("bearer ".count))
            guard let realm = values["realm"] else { return nil }
            self = .bearer(realm: realm, service: values["service"], scope: values["scope"])
        } else if lower.hasPrefix("basic") {
            self = .basic
        } else {
            return nil
        }
    }

    /// Reads `key="value", key=value`; within quotes a backslash stands before a character that is meant as such.
    private static func parameters(_ text: Substring) -> [String: String] {
        var values: [String: String] = [:]
        var rest = text
        while let equals = rest.firstIndex(of: "=") {
            let key = rest[..<equals].drop { $0 == " " || $0 == "," }.lowercased()
            rest = rest[rest.index(after: equals)...]
            var value = ""
            if rest.first == "\"" {
                rest.removeFirst()
                while let character = rest.popFirst(), character != "\"" {
                    value.append(character == "\\" ? rest.popFirst() ?? character : character)
                }
            } else {
                value = String(rest.prefix { $0 != "," && $0 != " " })
                rest = rest.dropFirst(value.count)
            }
            values[key] = value
        }
        return values
    }
}
