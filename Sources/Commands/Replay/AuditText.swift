// SPDX-License-Identifier: Apache-2.0

import Audit
import BuildEvents
import BuildModel
import BuildProgress
import EventStorage

/// What `reel audit` prints.
struct AuditText {
    let audit: StoreAudit

    /// Prints what was looked at and everything that is wrong.
    func print(on console: Console, isJSON: Bool) {
        guard !isJSON else { return printJSON(on: console) }
        for finding in audit.log.findings { console.print("log: \(finding)") }
        for finding in audit.findings { console.print("blob \(finding)") }
        let events = "\(Quantity.count(audit.log.events)) event\(audit.log.events == 1 ? "" : "s")"
        let blobs = "\(Quantity.count(audit.blobs)) blob\(audit.blobs == 1 ? "" : "s") (\(Quantity.bytes(audit.bytes)))"
        if audit.isSound {
            console.print("sound: \(events) and \(blobs) are what they should be")
            if let head = audit.log.head { console.print("log head: \(head.size) \(head.root)") }
        } else {
            let count = audit.log.findings.count + audit.findings.count
            console.print("not sound: \(count) finding\(count == 1 ? "" : "s") in \(events) and \(blobs)")
        }
    }

    /// Findings first, then the summary, which has the id `audit`.
    private func printJSON(on console: Console) {
        for finding in audit.log.findings {
            let first = finding.seqs.map { JSONValue.integer($0.lowerBound) } ?? .null
            let last = finding.seqs.map { JSONValue.integer($0.upperBound) } ?? .null
            console.print([
                "id": first, "subject": "log", "firstSeq": first, "lastSeq": last, "problem": .string(finding.problem),
            ])
        }
        for finding in audit.findings {
            console.print([
                "id": JSONValue(finding.digest), "subject": "blob", "roles": JSONValue(finding.roles),
                "missing": .boolean(finding.isMissing), "problem": .string(finding.problem),
            ])
        }
        console.print([
            "id": "audit", "subject": "summary", "sound": .boolean(audit.isSound), "events": .integer(audit.log.events),
            "blobs": JSONValue(audit.blobs), "bytes": .integer(audit.bytes), "root": JSONValue(audit.log.head?.root),
            "findings": JSONValue(audit.log.findings.count + audit.findings.count),
        ])
    }
}
