// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// Where a repository is: a URL, or `user@host:path`; checked, and without credentials.
public struct GitRemote: Hashable, Sendable {
    /// The ways to reach a repository.
    public enum Scheme: String, Sendable, CaseIterable {
        /// HTTP over TLS.
        case https
        /// Plain HTTP.
        case http
        /// The SSH protocol.
        case ssh
        /// The protocol of `git daemon`.
        case git
        /// A repository on this machine.
        case file
    }

    /// What `git` is given.
    public let url: String
    /// How it is reached.
    public let scheme: Scheme
    /// Host, with the port where one is said; empty for `file`.
    public let host: String
    /// What stands after the host.
    let path: String

    /// Checks a URL.
    ///
    /// - Throws: `GitError` for what is no URL of a known scheme, what an option or another program could be read out
    ///   of, and for an `http` URL with a user or password, which would be recorded.
    public init(parsing text: String) throws(GitError) {
        func refuse(_ what: String) -> GitError { GitError(text, .request(what)) }
        guard !text.isEmpty, text.utf8.count <= 4096, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw refuse("a repository's URL has no spaces or control characters, and at most 4096 bytes")
        }
        guard let mark = text.firstRange(of: "://") else {
            self = try Self.secureCopy(text)
            return
        }
        guard let scheme = Scheme(rawValue: text[..<mark.lowerBound].lowercased()) else {
            throw refuse("git repositories are read by https, http, ssh, git and file alone")
        }
        let rest = text[mark.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let (plain, userInfo) = URLUserInfo.split(text)
        if userInfo?.password != nil || (userInfo != nil && scheme != .ssh) {
            throw refuse("user and password in a URL would be recorded; give --secret id=GIT_AUTH_TOKEN instead")
        }
        if let userInfo, userInfo.user.hasPrefix("-") { throw refuse("its user begins with '-'") }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        let path = String(rest[authority.endIndex...])
        guard !host.hasPrefix("-"), !path.hasPrefix("/-") || scheme != .ssh else {
            throw refuse("its host or path begins with '-'")
        }
        if scheme == .file {
            guard host.isEmpty, path.count > 1 else { throw refuse("a file URL is written file:///PATH") }
        } else {
            guard !host.isEmpty, path.count > 1 else { throw refuse("it has no host, or no path on it") }
        }
        guard !plain.contains("#"), !path.contains("?") else {
            throw refuse("a query or fragment is no part of a repository's URL")
        }
        self.init(
            url: scheme.rawValue + text[mark.lowerBound...],
            scheme: scheme,
            host: host.lowercased(),
            path: path
        )
    }

    private init(url: String, scheme: Scheme, host: String, path: String) {
        self.url = url
        self.scheme = scheme
        self.host = host
        self.path = path
    }

    /// `[user@]host:path`, which means SSH.
    private static func secureCopy(_ text: String) throws(GitError) -> GitRemote {
        guard let colon = text.firstIndex(of: ":") else {
            throw GitError(text, .request("it is no URL of a repository; write it with its scheme, such as https://"))
        }
        let address = text[..<colon]
        let host = address.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        let path = String(text[text.index(after: colon)...])
        // `ext::program` and its like begin this way too.
        guard !address.hasPrefix("-"), !host.hasPrefix("-"), !host.isEmpty, !path.isEmpty, !path.hasPrefix(":"),
            !path.hasPrefix("-"),
            address.utf8.allSatisfy({ isNamePart($0) })
        else {
            throw GitError(text, .request("it is neither a URL nor user@host:path"))
        }
        return GitRemote(url: text, scheme: .ssh, host: host.lowercased(), path: "/" + path)
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || "-_.@[]".utf8.contains(byte)
    }

    /// Scheme and host, to which credentials are sent and to nothing else.
    var origin: String { "\(scheme.rawValue)://\(host)" }

    /// What a submodule's URL in `.gitmodules` means in this repository.
    ///
    /// Source: gitsubmodules and git-submodule manuals, "add": `./` and `../` are relative to the repository's URL.
    ///
    /// - Throws: `GitError` for what `init(parsing:)` refuses, and for a local repository that a remote one names.
    func submodule(_ text: String) throws(GitError) -> GitRemote {
        guard text.hasPrefix("./") || text.hasPrefix("../") else {
            let remote = try GitRemote(
                parsing: URLUserInfo.split(text).userInfo?.password == nil ? Self.withoutUser(text) : text
            )
            guard remote.scheme != .file || scheme == .file else {
                throw GitError(
                    url,
                    .request("its submodule '\(text)' is a repository of this machine, which a remote one can't name")
                )
            }
            return remote
        }
        var base = url
        while base.hasSuffix("/") { base.removeLast() }
        var rest = text[...]
        while true {
            if rest.hasPrefix("./") {
                rest = rest.dropFirst(2)
            } else if rest.hasPrefix("../") {
                rest = rest.dropFirst(3)
                guard let slash = base.lastIndex(where: { $0 == "/" || $0 == ":" }), !base[..<slash].hasSuffix(":/"),
                    !base[..<slash].hasSuffix(":")
                else {
                    throw GitError(url, .request("its submodule '\(text)' leads out of the host"))
                }
                base = String(base[..<slash])
            } else {
                break
            }
        }
        guard !rest.isEmpty, !rest.contains("..") else {
            throw GitError(url, .request("its submodule '\(text)' has no name, or '..' in it"))
        }
        return try GitRemote(parsing: base + "/" + rest)
    }

    /// A user alone in an http URL is no secret of ours, and not needed: credentials come from the build.
    private static func withoutUser(_ text: String) -> String {
        text.hasPrefix("http") ? URLUserInfo.split(text).plain : text
    }
}
