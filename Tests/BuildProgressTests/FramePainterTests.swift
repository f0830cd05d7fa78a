// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BuildProgress

@Suite("Painting frames")
struct FramePainterTests {
    @Test("After any frames the screen shows the last one, below what was there before", arguments: 1...100)
    func frames(seed: UInt64) {
        var random = Lehmer(state: seed)
        var screen = Screen(columns: 30, rows: 12)
        var painter = FramePainter(inColour: seed % 2 == 0)
        let before = (0..<Int(random.next() % 20)).map { "before \($0)" }
        for line in before { screen.receive(line + "\n") }
        var last: [String] = []
        for _ in 0..<30 {
            last = (0..<Int(random.next() % 12)).map {
                "line \($0)" + String(repeating: "x", count: Int(random.next() % 20))
            }
            screen.receive(painter.paint(last.map { StyledLine($0, .good) }, columns: 30))
            #expect(Array((screen.history + screen.text).suffix(last.count)) == last)
        }
        #expect(screen.misunderstood.isEmpty)
        screen.receive(painter.clear(columns: 30))
        #expect((screen.history + screen.text).filter { !$0.isEmpty } == before)
    }

    @Test("An unchanged frame sends nothing, a changed line sends little more than itself")
    func economy() {
        var painter = FramePainter(inColour: false)
        let lines = (0..<20).map { StyledLine("line \($0) " + String(repeating: "x", count: 50)) }
        #expect(!painter.paint(lines, columns: 80).isEmpty)
        #expect(painter.paint(lines, columns: 80).isEmpty)
        var changed = lines
        changed[7] = StyledLine("other")
        let sent = painter.paint(changed, columns: 80)
        #expect(sent.contains("other"))
        #expect(sent.utf8.count < 50)
        painter.release()
        #expect(painter.paint([], columns: 80).isEmpty)
    }

    @Test("What the terminal echoed below the block goes with it")
    func echo() {
        var screen = Screen(columns: 30, rows: 12)
        var painter = FramePainter(inColour: false)
        screen.receive("before\n" + painter.paint([StyledLine("a"), StyledLine("b")], columns: 30) + "^C")
        screen.receive(painter.clear(columns: 30) + "after\n")
        #expect(screen.text == ["before", "after"])
    }

    @Test("A terminal that became narrower and wraps what was shown is painted anew from its first row")
    func narrower() {
        var painter = FramePainter(inColour: false)
        _ = painter.paint([StyledLine(String(repeating: "a", count: 70)), StyledLine("b")], columns: 80)
        // At 40 columns the first line takes two rows.
        let sent = painter.paint([StyledLine("c")], columns: 40)
        #expect(sent == "\u{1B}[3A\r\u{1B}[J\rc\u{1B}[K\n")
    }
}
