// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventSamples
import EventStorage
import Testing

@Suite struct AppendingTests {
    @Test("What was appended and flushed is read back, in order, without gaps")
    func readsBack() async throws {
        let scratch = try Scratch()
        let log = try scratch.open()
        var history = RandomHistory(seed: 1)
        let entries = history.events(3000)
        for entry in entries { log.append(entry.event, build: entry.build) }
        try await log.flush()
        let again = try scratch.open()
        for reader in [log, again] {
            let events = try reader.events()
            #expect(events.map(\.seq) == Array(1...3000))
            #expect(events.map(\.event) == entries.map(\.event))
            #expect(events.map(\.build) == entries.map(\.build))
        }
    }
}
