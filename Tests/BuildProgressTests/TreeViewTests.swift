// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import Testing

@testable import BuildProgress

@Suite("Progress on a terminal")
struct TreeViewTests {
    let ascii = TerminalStyle(inColour: false, inUnicode: false)
    let rich = TerminalStyle(inColour: true, inUnicode: true)

    /// Two stages, of which one is cached and the other at work.
    func example() -> ProgressState {
        var state = ProgressState()
        state.apply(Script.started, at: Script.at(0))
        state.apply(Script.loaded(6), at: Script.at(0))
        for event in Script.context(files: 12, bytes: 3456) { state.apply(event, at: Script.at(100)) }
        state.apply(Script.keyed(1, "[base 1/2] RUN a"), at: Script.at(100))
        state.apply(Script.reused(1), at: Script.at(100))
        state.apply(Script.keyed(2, "[base 2/2] RUN b"), at: Script.at(100))
        state.apply(Script.reused(2), at: Script.at(100))
        state.apply(Script.keyed(3, "[app 1/3] COPY . /src"), at: Script.at(100))
        state.apply(Script.running(3), at: Script.at(100))
        state.apply(Script.finished(3, size: 81_000_000), at: Script.at(700))
        state.apply(Script.keyed(4, "[app 2/3] RUN make"), at: Script.at(700))
        state.apply(Script.running(4), at: Script.at(700))
        state.apply(output: Array("cc a.c\ncc b.c\n\u{1B}[32mcc c.c".utf8), of: Script.vertex(4), elapsed: 1)
        state.apply(.fallback(Fallback(subject: "lint", reason: "casing")), at: Script.at(800))
        return state
    }

    @Test("A running build at 60 columns")
    func running() {
        let view = TreeView(style: ascii, size: TerminalSize(columns: 61, rows: 24), now: Script.at(4900))
        let text = view.lines(of: example()).map(\.text)
        let expected = [
            " Building hello:1, 3/5 steps, 2 cached, 1 warning       4.9s",
            " + context  12 files                    3.5kB  0.0s",
            " = base  2/2 cached",
            " app  1/2                                               4.8s",
            "   + 1/3 COPY . /src                           81.0MB  0.6s",
            "   / 2/3 RUN make                                      4.2s",
            "     | cc a.c", "     | cc b.c", "     | cc c.c",
        ]
        #expect(text.map { $0.split(separator: " ") } == expected.map { $0.split(separator: " ") })
        #expect(text.filter { $0.hasSuffix("s") && $0.count > 40 }.allSatisfy { $0.count == 60 })
    }

    @Test("In a low terminal what is over goes first, and what is at work stays")
    func low() {
        for rows in 3...12 {
            let view = TreeView(style: ascii, size: TerminalSize(columns: 80, rows: rows), now: Script.at(4900))
            let text = view.lines(of: example()).map(\.text)
            #expect(text.count <= rows - 1)
            #expect(text.first?.hasPrefix(" Building") == true)
            #expect(rows < 4 || text.contains { $0.contains("RUN make") }, "\(rows) rows: \(text)")
        }
    }

    @Test("No line is too wide and no frame too high, whatever happens", arguments: 1...60)
    func bounds(seed: UInt64) {
        var random = Lehmer(state: seed)
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        var state = ProgressState()
        state.apply(Script.started, at: Script.at(0))
        let style = pick(2) == 0 ? ascii : rich
        let names = ["[漢字 1/9] RUN 漢字漢字漢字漢字漢字漢字漢字漢字", "[a 2/9] RUN " + String(repeating: "x", count: 300), "y"]
        for step in 0..<200 {
            let time = Script.at(Int64(step) * 50)
            let number = pick(60)
            switch pick(6) {
            case 0, 1: state.apply(Script.keyed(number, names[number % 3]), at: time)
            case 2: state.apply(Script.running(number), at: time)
            case 3: state.apply(Script.finished(number, size: Int64(pick(1 << 30))), at: time)
            case 4: state.apply(pick(3) == 0 ? Script.failed(number, "no") : Script.reused(number), at: time)
            default:
                let text = Array(String(repeating: "漢z\t", count: pick(200)).utf8) + [0x0A]
                state.apply(output: text, of: Script.vertex(number), elapsed: Int64(step))
            }
            let size = TerminalSize(columns: 1 + pick(120), rows: 3 + pick(40))
            let lines = TreeView(style: style, size: size, now: time).lines(of: state)
            #expect(lines.count <= size.rows - 1)
            #expect(lines.allSatisfy { $0.width <= size.columns - 1 })
        }
    }

    @Test("What stays when a build is over: the steps that ran, and how many were cached")
    func remainder() {
        var state = example()
        state.apply(Script.finished(4, size: 10), at: Script.at(10_700))
        let view = TreeView(style: ascii, size: TerminalSize(columns: 80, rows: 24), now: Script.at(10_700))
        let text = view.remainder(of: state).map(\.text)
        #expect(text.count == 3)
        #expect(text.first == " = 2 steps cached")
        #expect(text.last?.hasPrefix("   + [app 2/3] RUN make") == true)
        #expect(text.last?.hasSuffix("10B  10.0s") == true)
    }

    @Test("Nothing remains of a build that was cached whole")
    func cached() {
        var state = ProgressState()
        state.apply(Script.started, at: Script.at(0))
        for event in Script.context(files: 1, bytes: 1) { state.apply(event, at: Script.at(1)) }
        state.apply(Script.keyed(1, "RUN a"), at: Script.at(1))
        state.apply(Script.reused(1), at: Script.at(1))
        let view = TreeView(style: ascii, size: TerminalSize(columns: 80, rows: 24), now: Script.at(2))
        #expect(view.remainder(of: state).isEmpty)
    }
}
