// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A URL whose contents can't be had.
public struct HTTPSourceError: Fault, Equatable {
    /// What went wrong.
    public enum Reason: Equatable, Sendable {
        /// The URL or an attribute of the source makes no sense; a clause about it.
        case request(String)
        /// Nothing answers, or the transfer broke off, also when it was tried again.
        case unreachable(String)
        /// The host is one that builds may not ask.
        case privateAddress(String)
        /// The server refused.
        case refused(status: Int)
        /// The server does something that is not allowed; a clause about it.
        case server(String)
        /// The contents are larger than allowed.
        case tooLarge(limit: Int64)
        /// The contents are not those that were asked for.
        case checksum(expected: ContentDigest, actual: ContentDigest)
        /// The network was ruled out.
        case offline(String)
    }

    /// The URL, without credentials.
    public let url: String
    /// What went wrong.
    public let reason: Reason

    init(_ url: String, _ reason: Reason) {
        self.url = URLUserInfo.redacted(url)
        self.reason = reason
    }

    /// `.needsNetwork` where nothing answers or may be asked, `.usage` for requests that make no sense, else `.failed`.
    public var kind: FaultKind {
        switch reason {
        case .request: .usage
        case .unreachable, .offline: .needsNetwork
        default: .failed
        }
    }

    /// One sentence.
    public var description: String {
        switch reason {
        case .request(let what): "\(url): \(what)"
        case .unreachable(let words): "\(url): the server can't be reached (\(words)); check the name and the network"
        case .privateAddress(let address):
            "\(url): its address \(address) is private, loopback or link-local; allow such with --allow network.private"
        case .refused(let status):
            "\(url): the server answered \(status)\(status == 404 ? ", there is no such file" : ""); check the URL and what it needs to be let in"
        case .server(let what): "\(url): \(what)"
        case .tooLarge(let limit): "\(url): it has more than \(limit) bytes; allow more with --max-download"
        case .checksum(let expected, let actual):
            "\(url): the contents should be \(expected), but are \(actual); the file has changed, or the checksum is wrong"
        case .offline(let what): "\(url): \(what)"
        }
    }
}
