// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import RegistryClient

/// A file that is wanted from a server, and what becomes of it.
public struct HTTPRequest: Hashable, Sendable {
    /// The URL, `http` or `https`, without user and password.
    public var url: String
    /// The digest that the contents must have.
    public var checksum: ContentDigest?
    /// The file's name; empty for the server's or the URL's.
    public var fileName = ""
    /// The permission bits.
    public var mode: UInt16 = 0o600
    /// The owner.
    public var uid: UInt32 = 0
    /// The group.
    public var gid: UInt32 = 0
    /// Headers that are sent with the request, in order.
    public var headers: [Header] = []
    /// The value of the Authorization header, for the URL's own origin alone.
    public var authorization: String?

    /// A header.
    public struct Header: Hashable, Sendable {
        /// Its name.
        public var name: String
        /// Its value.
        public var value: String

        /// Makes one of its parts.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Makes a request for the contents of `url`.
    public init(url: String) { self.url = url }

    /// Checks the parts.
    ///
    /// - Throws: `HTTPSourceError` with reason `.request`.
    func check() throws(HTTPSourceError) {
        func refuse(_ what: String) -> HTTPSourceError { HTTPSourceError(url, .request(what)) }
        guard URLUserInfo.split(url).userInfo == nil else {
            throw refuse("user and password in a URL would be recorded; leave them out")
        }
        guard URLText.origin(url) != nil, url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), url.utf8.count <= 8192
        else {
            throw refuse("it is no URL of http or https")
        }
        guard fileName.isEmpty || Self.isFileName(fileName) else {
            throw refuse("'\(fileName)' can't be a file's name")
        }
        for header in headers where !header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) {
            throw refuse("the header \(header.name) has a control character in it")
        }
        guard authorization?.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) != false else {
            throw refuse("the secret for it has a line break or control character in it")
        }
    }

    /// Whether a text can be the name of one file.
    static func isFileName(_ text: String) -> Bool {
        !text.isEmpty && text != "." && text != ".." && text.utf8.count <= 255 && !text.hasPrefix(".wh.")
            && !text.utf8.contains { $0 == 0x2F || $0 == 0 }
    }

    /// The last part of the URL's path, decoded; `download` where it is no file's name.
    static func name(ofURL url: String) -> String {
        let bare = url.drop { $0 != "/" }.dropFirst(2).drop { $0 != "/" }.prefix { $0 != "?" && $0 != "#" }
        let last = bare.split(separator: "/").last.map(String.init) ?? ""
        let decoded = URLText.decoded(last)
        return isFileName(decoded) ? decoded : "download"
    }
}
