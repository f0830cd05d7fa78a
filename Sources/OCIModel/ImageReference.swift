// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// The name of an image: registry, repository, and a tag or a digest or both.
///
/// Source: github.com/distribution/reference, grammar and "familiar names": `debian` is
/// `docker.io/library/debian:latest`.
public struct ImageReference: Hashable, Sendable {
    /// The registry's host and port, such as `docker.io`.
    public let registry: String
    /// The repository's path, such as `library/debian`.
    public let repository: String
    /// The tag; `nil` only where there is a digest.
    public let tag: String?
    /// The digest, where the name is pinned.
    public let digest: ContentDigest?

    /// Parses a name as a person writes it.
    ///
    /// - Throws: `OCIError.reference` with what is wrong with it.
    public init(parsing text: String) throws(OCIError) {
        func wrong(_ reason: String) -> OCIError { .reference(text, reason: reason) }
        var rest = Substring(text)
        var pinned: ContentDigest?
        if let at = rest.lastIndex(of: "@") {
            guard let digest = try? ContentDigest(parsing: rest[rest.index(after: at)...]) else {
                throw wrong("what follows '@' is no sha256 digest")
            }
            pinned = digest
            rest = rest[..<at]
        }
        var tag: String?
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        var parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        var registry = "docker.io"
        if parts.count > 1, let first = parts.first,
            first.contains(".") || first.contains(":") || first == "localhost" || first.contains(where: \.isUppercase)
        {
            registry = first == "index.docker.io" ? "docker.io" : first
            parts.removeFirst()
        }
        if registry == "docker.io", parts.count == 1 { parts.insert("library", at: 0) }
        for part in parts where !Self.isComponent(part) {
            throw wrong("'\(part)' may hold small letters, digits and single separators . _ - only")
        }
        if let tag, !Self.isTag(tag) { throw wrong("'\(tag)' is no tag (letters, digits, _ . -, at most 128)") }
        let repository = parts.joined(separator: "/")
        guard repository.utf8.count <= 255 else { throw wrong("it is longer than 255 characters") }
        self.registry = registry
        self.repository = repository
        self.tag = tag ?? (pinned == nil ? "latest" : nil)
        self.digest = pinned
    }

    private static func isComponent(_ part: String) -> Bool {
        var separators = ""
        var seen = false
        for character in part {
            switch character {
            case "a"..."z", "0"..."9":
                guard ["", ".", "_", "__"].contains(separators) || separators.allSatisfy({ $0 == "-" }) else {
                    return false
                }
                (separators, seen) = ("", true)
            case ".", "_", "-":
                guard seen else { return false }
                separators.append(character)
            default: return false
            }
        }
        return seen && separators.isEmpty
    }

    private static func isTag(_ tag: String) -> Bool {
        let word: (Character) -> Bool = { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        guard let first = tag.first, word(first), tag.count <= 128 else { return false }
        return tag.allSatisfy { word($0) || $0 == "." || $0 == "-" }
    }
}

extension ImageReference: CustomStringConvertible {
    /// The full name, such as `docker.io/library/debian:12`.
    public var description: String {
        "\(registry)/\(repository)" + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }

    /// The name as people write it: without `docker.io/library/`.
    public var familiar: String {
        var text = description
        for prefix in ["docker.io/library/", "docker.io/"] where text.hasPrefix(prefix) {
            text.removeFirst(prefix.count)
            break
        }
        return text
    }
}
