// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// The head of a log under the log's name, as text: `origin`, size and root, one line each.
///
/// Source: c2sp.org/tlog-checkpoint.
public struct Checkpoint: Equatable, Sendable {
    /// The name of the log, one line, not empty.
    public var origin: String
    /// Size and root.
    public var head: TreeHead

    /// Makes a checkpoint.
    public init(origin: String, head: TreeHead) {
        self.origin = origin
        self.head = head
    }

    /// The three lines, each with its end: what is signed.
    public var text: String { "\(origin)\n\(head.size)\n\(Base64.string(head.root.bytes))\n" }

    /// Reads the text of a checkpoint; lines after the third are passed over, as the specification has it.
    ///
    /// - Throws: `CheckpointError` for anything else.
    public init(parsing text: String) throws(CheckpointError) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, lines.last == "", !lines[0].isEmpty else {
            throw CheckpointError(problem: "is not three lines: origin, size, root")
        }
        guard let size = Int64(lines[1]), size >= 0, String(size) == lines[1] else {
            throw CheckpointError(problem: "has no size on its second line")
        }
        guard let bytes = Base64.bytes(lines[2]), let root = try? ContentDigest(bytes: bytes) else {
            throw CheckpointError(problem: "has no root hash on its third line")
        }
        self.init(origin: String(lines[0]), head: TreeHead(size: size, root: root))
    }
}

/// Text that is no checkpoint, no note, or no key for one.
public struct CheckpointError: Fault, Equatable {
    /// What is wrong, as a predicate.
    public let problem: String

    /// Makes one.
    public init(problem: String) { self.problem = problem }

    /// Always `.usage`: the file that was given is at fault.
    public var kind: FaultKind { .usage }

    /// One sentence.
    public var description: String { "the checkpoint \(problem); give the file that 'reel log checkpoint' wrote" }
}
