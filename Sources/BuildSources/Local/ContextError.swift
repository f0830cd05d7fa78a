// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A local context that can't be read. Paths are spelt as `ContextPath.text` spells them.
public enum ContextError: Fault, Equatable {
    /// The root is not there.
    case missing(String)
    /// The root is no directory.
    case notDirectory(String)
    /// A device or named pipe; the text says which.
    case specialFile(path: String, what: String)
    /// A file or directory that may not be read, or fails to; the system's words.
    case unreadable(path: String, reason: String)
    /// A file that changed each of the three times that it was read.
    case changing(String)
    /// A file or directory that was there when its directory was listed, and is not any more.
    case vanished(String)
    /// An archive that is no valid context; the reason is a clause about it.
    case archive(String)
    /// A line of a manifest that this version can't read.
    case manifest(line: Int, reason: String)
    /// Contents that are not those that the manifest names.
    case contentMismatch(path: String, expected: ContentDigest, actual: ContentDigest)

    /// `.usage` for a root that is not there, `.corrupt` for damaged records, else `.failed`.
    public var kind: FaultKind {
        switch self {
        case .missing, .notDirectory: .usage
        case .manifest, .contentMismatch: .corrupt
        default: .failed
        }
    }

    /// One sentence.
    public var description: String {
        switch self {
        case .missing(let path): "the context '\(path)' does not exist; name a directory that does"
        case .notDirectory(let path): "the context '\(path)' is not a directory; name one, or '-' for a tar on stdin"
        case .specialFile(let path, let what):
            "'\(path)' in the context is a \(what), which an image can't get from a context; remove or ignore it"
        case .unreadable(let path, let reason):
            "'\(path)' in the context can't be read (\(reason)); make it readable, or ignore it"
        case .changing(let path):
            "'\(path)' in the context changed each of the three times it was read; stop what writes it, or ignore it"
        case .vanished(let path): "'\(path)' vanished while the context was read; build again"
        case .archive(let reason): "the context archive can't be used: \(reason)"
        case .manifest(let line, let reason): "the context manifest can't be read at line \(line): \(reason)"
        case .contentMismatch(let path, let expected, let actual):
            "'\(path)' should have been \(expected), but is \(actual); read the context again"
        }
    }
}
