// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// Trouble with the log or its projection.
public enum EventLogError: Fault, Equatable {
    /// There is no log here.
    case absent(path: String)
    /// The file is a database of something else, or no database.
    case foreign(path: String)
    /// The log was written by a later version.
    case newer(path: String, version: Int, known: Int)
    /// Another process holds the log open.
    case inUse(path: String)
    /// The log can't be read or written, in SQLite's words.
    case storage(path: String, reason: String)
    /// Stored bytes are not what they should be.
    case damaged(path: String, reason: String)
    /// No build's id starts so.
    case unknownBuild(String)
    /// Several builds' ids start so.
    case ambiguousBuild(String, candidates: [String])
    /// The events of an imported build lie in a blob that is gone.
    case eventsMissing(BuildID, blob: ContentDigest)
    /// The log has no such event or size.
    case outOfRange(seq: Int64, count: Int64)

    /// `.usage` for a wrong request, `.corrupt` for damage, else `.failed`.
    public var kind: FaultKind {
        switch self {
        case .absent, .eventsMissing: .missing
        case .damaged, .foreign: .corrupt
        case .unknownBuild, .ambiguousBuild, .outOfRange: .usage
        case .newer, .inUse, .storage: .failed
        }
    }

    /// One sentence.
    public var description: String {
        switch self {
        case .absent(let path): "\(path): there is no log here; 'reel build' makes one, or set REEL_ROOT"
        case .foreign(let path): "\(path): this is no log of reel; move it away, or set REEL_ROOT to another folder"
        case .newer(let path, let version, let known):
            "\(path): the log has version \(version), and this reel knows up to \(known); use a newer reel"
        case .inUse(let path): "\(path): another process uses the log; wait for it to end"
        case .storage(let path, let reason): "\(path): \(reason)"
        case .damaged(let path, let reason):
            "\(path): \(reason); 'reel audit' says what is damaged, 'reel log salvage' saves the rest"
        case .unknownBuild(let prefix): "no build's id starts with '\(prefix)'; 'reel history ls' lists them"
        case .ambiguousBuild(let prefix, let candidates):
            "'\(prefix)' could be \(candidates.joined(separator: ", ")); give more of the id"
        case .eventsMissing(let build, let blob):
            "build \(build) was imported, and its events (\(blob)) are not stored here any more; import its recording again"
        case .outOfRange(let seq, let count): "there is no event \(seq); the log has \(count)"
        }
    }
}
