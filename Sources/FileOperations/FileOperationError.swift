// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A file operation that can't be done.
public struct FileOperationError: Fault, Equatable {
    /// Why not.
    public enum Reason: Equatable, Sendable {
        /// There is nothing at a path.
        case notFound(path: String)
        /// A wildcard matches nothing.
        case noMatch(pattern: String)
        /// A path leads through something that is no directory.
        case notDirectory(path: String)
        /// A directory stands where a file is to go.
        case isDirectory(path: String)
        /// Something stands where something new is to go.
        case exists(path: String)
        /// A path that names nothing that can be removed.
        case emptyPath
        /// More than 255 symbolic links were followed.
        case tooManyLinks(path: String)
        /// A mode that chmod would not understand.
        case invalidMode(String)
        /// A pattern that is malformed, in the words of the parser.
        case invalidPattern(String)
        /// An archive that can't be unpacked.
        case archive(path: String, reason: String)
        /// `/etc/passwd` or `/etc/group` can't be read as such.
        case accounts(path: String, reason: String)
        /// An operand that does not exist.
        case missingInput(Int)
        /// An owner by name without a file system that would know it.
        case ownerWithoutInput(String)
    }
    /// The action, in the words of a progress display.
    public let action: String
    /// Why it can't be done.
    public let reason: Reason

    /// Makes one.
    public init(_ action: String, _ reason: Reason) {
        self.action = action
        self.reason = reason
    }

    /// Always `.failed`.
    public var kind: FaultKind { .failed }

    /// One sentence with the action and the path.
    public var description: String { "\(action): \(clause)" }

    private var clause: String {
        switch reason {
        case .notFound(let path): "'\(path)' not found"
        case .noMatch(let pattern): "'\(pattern)' not found; no path matches it"
        case .notDirectory(let path): "'\(path)' is not a directory"
        case .isDirectory(let path): "cannot replace the directory '\(path)' with a file"
        case .exists(let path): "'\(path)' exists already"
        case .emptyPath: "the root can't be removed"
        case .tooManyLinks(let path): "'\(path)' leads through more than 255 symbolic links; is there a loop?"
        case .invalidMode(let text): "'\(text)' is no mode; write it in octal or as chmod reads it"
        case .invalidPattern(let words): words
        case .archive(let path, let reason): "the archive '\(path)' can't be unpacked: \(reason)"
        case .accounts(let path, let reason): "'\(path)' can't be searched: \(reason)"
        case .missingInput(let index): "it reads input \(index), which is not there"
        case .ownerWithoutInput(let name): "the owner '\(name)' needs a file system with /etc/passwd or /etc/group"
        }
    }
}
