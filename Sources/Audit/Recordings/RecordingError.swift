// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A recording that can't be written or taken in.
public enum RecordingError: Fault, Equatable {
    /// The build goes on.
    case running(BuildID)
    /// Blobs that the recording must hold are not stored here.
    case lacking(BuildID, [ContentDigest], count: Int)
    /// A key was given for a build whose checkpoint another log made.
    case foreignCheckpoint(BuildID)
    /// The file is something else than a recording in a plain tar.
    case unreadable(path: String, reason: String)
    /// A later version wrote it.
    case newer(path: String, what: String)
    /// It was changed, cut off or put together wrongly.
    case damaged(path: String, reason: String)
    /// The key that was given did not sign the checkpoint.
    case unsigned(path: String, name: String)
    /// Another build of the same id is here.
    case conflict(path: String, BuildID)

    /// `.missing`, `.usage`, `.failed`, `.corrupt` or `.diverged`, in the order of the cases.
    public var kind: FaultKind {
        switch self {
        case .lacking: .missing
        case .running, .foreignCheckpoint, .unreadable: .usage
        case .newer: .failed
        case .damaged, .unsigned: .corrupt
        case .conflict: .diverged
        }
    }

    /// One sentence.
    public var description: String {
        switch self {
        case .running(let id): "build \(id) has not ended; wait for it, and record it then"
        case .lacking(let id, let digests, let count):
            "build \(id) can't be recorded whole: \(count) blob\(count == 1 ? " is" : "s are") not stored here "
                + "(\(digests.prefix(3).map(\.description).joined(separator: ", "))\(count > 3 ? ", …" : "")); import a "
                + "recording that has them, or leave out with --thin what can be fetched"
        case .foreignCheckpoint(let id):
            "build \(id) was imported and keeps the checkpoint of the log that it ran in; leave out --key"
        case .unreadable(let path, let reason): "\(path): \(reason)"
        case .newer(let path, let what): "\(path): \(what), which this reel does not know; use a newer reel"
        case .damaged(let path, let reason): "\(path): not a sound recording: \(reason); nothing was imported"
        case .unsigned(let path, let name):
            "\(path): \(name) did not sign its checkpoint; get it from its author again, or give the right key"
        case .conflict(let path, let id):
            "\(path): another build with the id \(id) is here, with other events; nothing was imported"
        }
    }
}
