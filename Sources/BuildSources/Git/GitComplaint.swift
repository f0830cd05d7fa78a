// SPDX-License-Identifier: Apache-2.0

/// What git says when talking to a remote fails, sorted by what can be done about it.
enum GitComplaint: Error, Equatable {
    /// Trying again may help: nothing answered, or the transfer broke off.
    case passing(String)
    /// Other credentials are needed.
    case denied(String)
    /// No repository is there.
    case noRepository(String)
    /// The server has no such ref.
    case noRef
    /// The server does not give out this object by its hash.
    case notOffered
    /// The repository's hashes are of the other kind.
    case otherFormat
    /// Anything else.
    case other(String)

    /// Sorts the lines of git's standard error.
    ///
    /// Source: the messages of git 2.30 to 2.47 (`fetch-pack.c`, `remote-curl.c`, `connect.c`, `upload-pack.c`) and of
    /// OpenSSH; all in the C locale.
    init(_ errors: String) {
        let lines = errors.split(separator: "\n").map(String.init).filter {
            !$0.hasPrefix("hint:") && !$0.hasPrefix("warning:")
        }
        let telling = lines.filter {
            $0.hasPrefix("fatal:") || $0.hasPrefix("error:") || $0.hasPrefix("remote:") || $0.hasPrefix("ssh:")
        }
        let words = (telling.isEmpty ? lines : telling).suffix(3)
            .map { line in
                for prefix in ["fatal: ", "error: "] where line.hasPrefix(prefix) {
                    return String(line.dropFirst(prefix.count))
                }
                return line
            }
            .joined(separator: "; ")
        let text = words.isEmpty ? "it said nothing" : String(words.prefix(500))
        func says(_ phrases: String...) -> Bool { phrases.contains { errors.localizedContains($0) } }
        if says("couldn't find remote ref", "could not find remote ref") {
            self = .noRef
        } else if says(
            "mismatched algorithms",
            "mismatched object format",
            "wrong object format",
            "unknown object format",
            "object format"
        ) {
            self = .otherFormat
        } else if says("repository not exported") {
            self = .noRepository(text)
        } else if says("not our ref", "unadvertised object", "no such remote ref") {
            self = .notOffered
        } else if says(
            "authentication failed",
            "could not read username",
            "could not read password",
            "permission denied",
            "error: 401",
            "error: 403",
            "host key verification failed",
            "access denied",
            "terminal prompts disabled"
        ) {
            self = .denied(text)
        } else if says(
            "could not resolve host",
            "failed to connect",
            "connection refused",
            "timed out",
            "timeout",
            "connection reset",
            "early eof",
            "unexpected disconnect",
            "rpc failed",
            "hung up unexpectedly",
            "index-pack failed",
            "unable to connect",
            "network is unreachable",
            "no route to host",
            "error: 5",
            "error: 429",
            "error: 408",
            "too slow",
            "empty reply",
            "broken pipe",
            "invalid index-pack output",
            "unable to look up",
            "connection closed",
            "bad band",
            "protocol error",
            "expected flush",
            "transfer closed",
            "recv failure",
            "invalid response"
        ) {
            self = says("not found", "does not appear to be a git repository") ? .noRepository(text) : .passing(text)
        } else if says("not found", "does not appear to be a git repository", "does not exist", "error: 404") {
            self = .noRepository(text)
        } else {
            self = .other(text)
        }
    }

    /// The error that a person gets.
    func error(_ remote: GitRemote, subject: String) -> GitError {
        switch self {
        case .passing(let words): GitError(remote.url, .unreachable(words))
        case .denied(let words): GitError(remote.url, .denied(words))
        case .noRepository(let words): GitError(remote.url, .noRepository(words))
        case .noRef, .notOffered: GitError(remote.url, .noRef(subject))
        case .otherFormat:
            GitError(remote.url, .program("its hashes are of another kind than those of this repository"))
        case .other(let words): GitError(remote.url, .program(words))
        }
    }
}

extension String {
    /// Whether the text has `phrase`, which is in lower case, in it, whatever the case of its ASCII letters.
    fileprivate func localizedContains(_ phrase: String) -> Bool { lowercased().contains(phrase) }
}
