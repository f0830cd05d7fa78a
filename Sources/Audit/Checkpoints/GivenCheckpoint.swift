// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel
public import EventStorage

/// A checkpoint that somebody kept and brings along.
public struct GivenCheckpoint: Sendable {
    /// What errors call it: its path.
    public let name: String
    /// The note.
    public let note: SignedNote
    /// What it says.
    public let checkpoint: Checkpoint

    /// Reads a note.
    ///
    /// - Parameter verifier: Who must have signed it; `nil` asks for no signature.
    /// - Throws: `CheckpointError` for what is no checkpoint, `CheckpointMismatch.unsigned`.
    public init(_ bytes: [UInt8], name: String, verifier: NoteVerifier? = nil) throws {
        self.name = name
        note = try SignedNote(parsing: String(decoding: bytes, as: UTF8.self))
        checkpoint = try Checkpoint(parsing: note.text)
        if let verifier, !note.isSigned(by: verifier) {
            throw CheckpointMismatch.unsigned(name, signer: verifier.name)
        }
    }

    /// Makes sure that the stored tree of `log` has this head; the events' bytes are not read.
    ///
    /// - Throws: `CheckpointMismatch`.
    public func check(against log: EventLog) throws {
        let count = try log.count()
        guard checkpoint.head.size <= count else {
            throw CheckpointMismatch.longer(name, size: checkpoint.head.size, count: count)
        }
        guard try log.head(size: checkpoint.head.size) == checkpoint.head else {
            throw CheckpointMismatch.other(name, size: checkpoint.head.size)
        }
    }
}

/// A checkpoint that does not fit the log.
public enum CheckpointMismatch: Fault, Equatable {
    /// It covers more events than the log has.
    case longer(String, size: Int64, count: Int64)
    /// The log begins with other events.
    case other(String, size: Int64)
    /// The key that was given did not sign it.
    case unsigned(String, signer: String)

    /// Always `.corrupt`: either the log or the checkpoint is not what it should be.
    public var kind: FaultKind { .corrupt }

    /// One sentence.
    public var description: String {
        switch self {
        case .longer(let name, let size, let count):
            "\(name): it covers \(size) events and the log has \(count): it is of another log, or the log's end was cut off"
        case .other(let name, let size):
            "\(name): the first \(size) events of the log are not those that it covers: it is of another log, or the log "
                + "was changed; 'reel audit --checkpoint' looks closer"
        case .unsigned(let name, let signer): "\(name): \(signer) did not sign it; give the key of who did"
        }
    }
}
