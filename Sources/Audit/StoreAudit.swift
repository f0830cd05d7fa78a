// SPDX-License-Identifier: Apache-2.0

public import BuildEngine
public import BuildEvents
public import BuildModel
public import EventStorage
import Layers

/// What an audit of a data root found.
public struct StoreAudit: Sendable {
    /// The log: leaves, tree, gaps, projections.
    public var log: LogAudit
    /// How many blobs were read.
    public var blobs: Int
    /// Their bytes.
    public var bytes: Int64
    /// Blobs that are not what their digest names, or that an event names and that are gone without a pruning.
    public var findings: [BlobFinding]

    /// Whether nothing is wrong.
    public var isSound: Bool { log.findings.isEmpty && findings.isEmpty }

    /// The exit code's kind: `.corrupt` for changed bytes, `.missing` when blobs are only gone.
    public var kind: FaultKind? {
        if isSound { return nil }
        return log.findings.isEmpty && findings.allSatisfy(\.isMissing) ? .missing : .corrupt
    }
}

/// A blob with which something is wrong.
public struct BlobFinding: Hashable, Sendable, CustomStringConvertible {
    /// The blob.
    public let digest: ContentDigest
    /// What it is to the events that name it, sorted.
    public let roles: [String]
    /// Whether it is gone.
    public let isMissing: Bool
    /// What is wrong.
    public let problem: String

    /// One sentence.
    public var description: String {
        "\(digest) (\(roles.isEmpty ? "named by no event" : roles.joined(separator: ", "))): \(problem)"
    }
}

extension Engine {
    /// Verifies the log and every blob that it names, or those of one build.
    ///
    /// - Parameter build: `nil` for everything, blobs that no event names included. Of an imported build it is what its
    ///   recording brought.
    /// - Parameter head: An earlier head of the log that was kept elsewhere; the events' bytes are compared with it.
    /// - Throws: Only what prevents looking: an unreadable store. What is wrong is in the result.
    public func audit(_ build: BuildID? = nil, against head: TreeHead? = nil) async throws -> StoreAudit {
        let engine = self
        return try await Offload.run {
            var audit = StoreAudit(log: try EventLog.audit(root: engine.root), blobs: 0, bytes: 0, findings: [])
            if let head { audit.log.findings += try EventLog.findings(against: head, root: engine.root) }
            let wanted: [ContentDigest: Set<String>]
            do { wanted = try engine.wanted(build, &audit) } catch let error as EventLogError {
                // A damaged log can't say which blobs it names; those that are here are looked at all the same.
                guard !audit.log.findings.isEmpty else { throw error }
                wanted = Dictionary(try engine.layers.blobs.all().map { ($0.digest, []) }) { first, _ in first }
            }
            for (digest, roles) in wanted.sorted(by: { $0.key < $1.key }) {
                try engine.verify(digest, roles: roles.sorted(), in: &audit)
            }
            return audit
        }
    }

    /// The blobs to verify, with what they are; recordings are checked on the way.
    private func wanted(_ build: BuildID?, _ audit: inout StoreAudit) throws -> [ContentDigest: Set<String>] {
        var wanted: [ContentDigest: Set<String>] = [:]
        if let build {
            if let origin = try log.recording(of: build) {
                for (digest, role) in try recordingBlobs(origin, &audit) { wanted[digest] = [role] }
                return wanted
            }
            for reference in try log.references(from: build) {
                wanted[reference.digest, default: []].insert(reference.role.rawValue)
            }
            return wanted
        }
        wanted = try log.reachableBlobs().mapValues { Set($0.map(\.rawValue)) }
        for blob in try layers.blobs.all() where wanted[blob.digest] == nil { wanted[blob.digest] = [] }
        for origin in try log.recordedBuilds() { _ = try recordingBlobs(origin, &audit) }
        return wanted
    }

    private func recordingBlobs(_ origin: RecordedBuild, _ audit: inout StoreAudit) throws -> [ContentDigest: String] {
        do {
            let (blobs, problem) = try check(origin)
            if let problem {
                audit.findings.append(
                    BlobFinding(digest: origin.recording, roles: ["recording"], isMissing: false, problem: problem)
                )
            }
            return blobs
        } catch is BlobError {
            // The document that is missing or damaged is found as a blob.
            return [origin.recording: "recording", origin.events: "recording"]
        }
    }

    private func verify(_ digest: ContentDigest, roles: [String], in audit: inout StoreAudit) throws {
        audit.blobs += 1
        audit.bytes += layers.blobs.size(digest) ?? 0
        switch try layers.blobs.verify(digest) {
        case .intact: break
        case .missing:
            let problem = "it is not stored here any more; import a recording that has it, or build again"
            audit.findings.append(BlobFinding(digest: digest, roles: roles, isMissing: true, problem: problem))
        case .corrupt(let reason):
            audit.findings.append(BlobFinding(digest: digest, roles: roles, isMissing: false, problem: reason))
        }
    }
}
