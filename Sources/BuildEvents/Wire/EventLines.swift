// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// Events as a recording has them: each in its canonical form, with a newline behind it.
public enum EventLines {
    /// The lines of events, in their order.
    public static func encode(_ events: [StoredEvent]) -> [UInt8] {
        var out: [UInt8] = []
        for event in events { out += event.canonicalBytes + [0x0A] }
        return out
    }

    /// Reads lines; they must be canonical and in the order of `seq`.
    ///
    /// - Throws: `WireError`, which names the number of the line.
    public static func decode(_ bytes: [UInt8]) throws(WireError) -> [StoredEvent] {
        var events: [StoredEvent] = []
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let number = events.count + 1
            guard let end = bytes[start...].firstIndex(of: 0x0A) else {
                throw WireError(kind: "?", member: "line \(number)", problem: "has no end")
            }
            let event: StoredEvent
            do { event = try StoredEvent(line: bytes[start..<end]) } catch {
                throw WireError(kind: error.kindOfEvent, member: "line \(number)", problem: error.problem)
            }
            if let last = events.last, last.seq >= event.seq {
                throw WireError(kind: event.kind, member: "line \(number)", problem: "does not follow the one before")
            }
            events.append(event)
            start = end + 1
        }
        return events
    }
}
