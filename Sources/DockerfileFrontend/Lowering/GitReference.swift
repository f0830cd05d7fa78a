// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// A git repository as ADD and contexts name it.
///
/// Source: Dockerfile reference, "ADD git repositories"; BuildKit, `dfgitutil/git_ref.go`, `util/gitutil/git_url.go`.
struct GitReference: Hashable, Sendable {
    /// A text that means a repository and has a mistake.
    struct Mistake: Error { var message: String }

    /// The URL without fragment and query.
    var remote: String
    /// `https`, `http`, `git`, `ssh` or `file`.
    var scheme: String
    /// The host with its port; empty for `file`.
    var host: String
    /// The path on the host.
    var path: String
    var ref = ""
    var folder = ""
    var checksum = ""
    var keepsGitDirectory: Bool?
    var submodules: Bool?
    var modificationTime = ""
    var fetchesByCommit = false
    /// reel's own: whether large files are fetched.
    var fetchesLargeFiles = false
    /// reel's own: whether names may differ in case alone.
    var keepsCollisions = false
    /// Whether it could as well be a path, e.g. `github.com/a/b`.
    var looksLocal = false

    /// Reads a text; `nil` where it is no repository, or has a mistake.
    init?(parsing text: String) {
        guard let found = try? Self.parse(text) else { return nil }
        self = found
    }

    /// Whether a text names a repository, perhaps with a mistake.
    static func isMeant(by text: String) -> Bool {
        do throws(Mistake) { return try parse(text) != nil } catch { return true }
    }

    /// Reads a text; `nil` where it is no repository.
    static func parse(_ text: String) throws(Mistake) -> GitReference? {
        if text.hasPrefix("./") || text.hasPrefix("../") { return nil }
        if text.hasPrefix("github.com/") {
            var reference = try url("https://" + text, scheme: "https", allowsAnyPath: true)
            reference?.looksLocal = true
            return reference
        }
        guard let mark = text.firstRange(of: "://") else { return try secureCopy(text) }
        let scheme = text[..<mark.lowerBound].lowercased()
        guard ["http", "https", "ssh", "git", "file"].contains(scheme) else { return nil }
        return try url(text, scheme: scheme)
    }

    private init(remote: String, scheme: String, host: String, path: String) {
        self.remote = remote
        self.scheme = scheme
        self.host = host
        self.path = path
    }

    private static func url(_ text: String, scheme: String, allowsAnyPath: Bool = false) throws(Mistake)
        -> GitReference?
    {
        let (beforeFragment, fragment) = cut(text, "#")
        let (remote, query) = cut(beforeFragment, "?")
        let rest = remote.drop { $0 != "/" }.dropFirst(2)
        let authority = rest.prefix { $0 != "/" }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        guard host.isEmpty == (scheme == "file"), !remote.contains(" ") else { return nil }
        if let userInfo = URLUserInfo.split(remote).userInfo, userInfo.password != nil || scheme != "ssh" {
            throw Mistake(
                message:
                    "user and password in a URL would be recorded; leave them out and give --secret id=GIT_AUTH_TOKEN"
            )
        }
        let path = decoded(String(rest[authority.endIndex...]), plusIsSpace: false)
        if !allowsAnyPath, scheme.hasPrefix("http"), !path.hasSuffix(".git") { return nil }
        var reference = GitReference(remote: String(remote), scheme: scheme, host: host, path: path)
        try reference.read(fragment: fragment.map { decoded($0, plusIsSpace: false) }, query: query)
        return reference
    }

    /// `user@host:path`.
    private static func secureCopy(_ text: String) throws(Mistake) -> GitReference? {
        let (user, rest) = cut(text, "@")
        guard let rest, !user.isEmpty, user.utf8.allSatisfy({ isName($0) }) else { return nil }
        let (host, tail) = cut(rest, ":")
        guard let tail, !host.isEmpty, host.utf8.allSatisfy({ isName($0) || $0 == UInt8(ascii: ".") }) else {
            return nil
        }
        let (beforeFragment, fragment) = cut(tail, "#")
        let (path, query) = cut(beforeFragment, "?")
        var reference = GitReference(remote: "\(user)@\(host):\(path)", scheme: "ssh", host: host, path: path)
        try reference.read(fragment: fragment, query: query)
        return reference
    }

    private static func isName(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private static func cut(_ text: String, _ mark: Character) -> (String, String?) {
        guard let at = text.firstIndex(of: mark) else { return (text, nil) }
        return (String(text[..<at]), String(text[text.index(after: at)...]))
    }

    private static func decoded(_ text: String, plusIsSpace: Bool) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) || plusIsSpace else { return text }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(rest.prefix(2).text, radix: 16), rest.count >= 2 {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return bytes.text
    }

    private mutating func read(fragment: String?, query: String?) throws(Mistake) {
        if let fragment, !fragment.isEmpty {
            let (ref, folder) = Self.cut(fragment, ":")
            self.ref = ref
            self.folder = String(PathText.join("/", folder ?? "").dropFirst())
        }
        var tag = ""
        var branch = ""
        var seen: Set<String> = []
        for part in (query ?? "").split(separator: "&") {
            let (rawKey, rawValue) = Self.cut(String(part), "=")
            let key = Self.decoded(rawKey, plusIsSpace: true)
            let value = Self.decoded(rawValue ?? "", plusIsSpace: true)
            guard seen.insert(key).inserted else { throw Mistake(message: "the URL says the query '\(key)' twice") }
            let isFlag = ["submodules", "keep-git-dir", "fetch-by-commit", "lfs"].contains(key)
            if value.isEmpty, !isFlag { throw Mistake(message: "the query '\(key)' has no value") }
            switch key {
            case "ref": try set(\.ref, value, "ref")
            case "tag": tag = value.hasPrefix("refs/tags/") ? value : "refs/tags/" + value
            case "branch": branch = value.hasPrefix("refs/heads/") ? value : "refs/heads/" + value
            case "subdir": try set(\.folder, value, "subdir")
            case "checksum", "commit": try set(\.checksum, value, "commit")
            case "lfs": fetchesLargeFiles = try flag(key, value)
            case "collisions":
                guard value == "keep" || value == "refuse" else {
                    throw Mistake(message: "the query 'collisions' is keep or refuse, not '\(value)'")
                }
                keepsCollisions = value == "keep"
            case "keep-git-dir": keepsGitDirectory = try flag(key, value)
            case "submodules": submodules = try flag(key, value)
            case "fetch-by-commit": fetchesByCommit = try flag(key, value)
            case "mtime":
                guard value == "checkout" || value == "commit" else {
                    throw Mistake(message: "the query 'mtime' is checkout or commit, not '\(value)'")
                }
                modificationTime = value
            default: throw Mistake(message: "a git URL has no query '\(key)'")
            }
        }
        if !tag.isEmpty, !branch.isEmpty { throw Mistake(message: "the queries 'branch' and 'tag' exclude each other") }
        if !tag.isEmpty { try set(\.ref, tag, "ref") }
        if !branch.isEmpty { try set(\.ref, branch, "ref") }
    }

    private mutating func set(_ key: WritableKeyPath<GitReference, String>, _ value: String, _ name: String)
        throws(Mistake)
    {
        let old = self[keyPath: key]
        if !old.isEmpty, old != value { throw Mistake(message: "the URL says two \(name)s, '\(old)' and '\(value)'") }
        self[keyPath: key] = value
    }

    private func flag(_ key: String, _ value: String) throws(Mistake) -> Bool {
        guard let result = value.isEmpty ? true : GoText.boolean(value) else {
            throw Mistake(message: "the query '\(key)' is true or false, not '\(value)'")
        }
        return result
    }

    /// The locator of the LLB source, the same for every way to reach the repository.
    var locator: String {
        var text = host + PathText.join("/", path)
        if !ref.isEmpty || !folder.isEmpty { text += "#" + ref + (folder.isEmpty ? "" : ":" + folder) }
        return text
    }
}
