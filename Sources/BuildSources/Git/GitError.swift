// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A git source that can't be had.
///
/// Neither part ever holds credentials: the repository is named without them, and what git says is redacted.
public struct GitError: Fault, Equatable {
    /// What went wrong.
    public enum Reason: Equatable, Sendable {
        /// The source string, or an attribute of the source, makes no sense; a clause about it.
        case request(String)
        /// Nothing answers, or the transfer broke off, also when it was tried again; git's words.
        case unreachable(String)
        /// The server wants other credentials; git's words.
        case denied(String)
        /// There is no repository at that place; git's words.
        case noRepository(String)
        /// The repository has no such branch, tag or commit.
        case noRef(String)
        /// A short hash that several commits have.
        case ambiguous(String, [String])
        /// The ref is at another commit than it must be.
        case checksum(expected: String, actual: String)
        /// A tree that must not become a file tree; a clause about it.
        case tree(String)
        /// What `git` said when it failed in another way.
        case program(String)
        /// An object that is not in the repository although it should be.
        case object(String)
        /// The network was ruled out, and what is wanted is not here.
        case offline(String)
    }

    /// The repository, without credentials.
    public let remote: String
    /// What went wrong.
    public let reason: Reason

    init(_ remote: String, _ reason: Reason) {
        self.remote = URLUserInfo.redacted(remote)
        self.reason = reason
    }

    /// A source that must not be read here, for a reason that the caller knows.
    public static func refused(_ remote: GitRemote, _ what: String) -> GitError { GitError(remote.url, .request(what)) }

    /// `.needsNetwork` where nothing answers or may be asked, `.usage` for requests that make no sense, else `.failed`.
    public var kind: FaultKind {
        switch reason {
        case .request: .usage
        case .unreachable, .offline: .needsNetwork
        case .object: .corrupt
        default: .failed
        }
    }

    /// One sentence.
    public var description: String {
        switch reason {
        case .request(let what): "\(remote): \(what)"
        case .unreachable(let words):
            "\(remote): the repository can't be reached (\(words)); check the name and the network"
        case .denied(let words):
            "\(remote): access is denied (\(words)); give --secret id=GIT_AUTH_TOKEN or GIT_AUTH_HEADER, or --ssh default"
        case .noRepository(let words):
            "\(remote): there is no repository (\(words)), or these credentials may not see it"
        case .noRef(let ref): "\(remote): the repository has no branch, tag or commit '\(ref)'"
        case .ambiguous(let prefix, let found):
            "\(remote): the short hash '\(prefix)' is ambiguous: it could be \(found.joined(separator: " or ")); write more of it"
        case .checksum(let expected, let actual):
            "\(remote): the commit should be \(expected), but is \(actual); the ref has moved, or the checksum is wrong"
        case .tree(let what): "\(remote): \(what)"
        case .program(let words): "\(remote): git failed: \(words)"
        case .object(let what):
            "\(remote): the cached repository is damaged (\(what)); remove the folder 'git' of the data root"
        case .offline(let what): "\(remote): \(what)"
        }
    }
}
