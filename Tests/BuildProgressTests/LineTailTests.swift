// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BuildProgress

@Suite("The last lines of a step")
struct LineTailTests {
    @Test("However the output is cut into pieces, the last lines are the same", arguments: 1...40)
    func pieces(seed: UInt64) {
        var random = Lehmer(state: seed)
        let lines = (0..<200).map { "line \($0) " + String(repeating: "x", count: Int(random.next() % 90)) }
        let whole = Array((lines.joined(separator: "\n") + (random.next() % 2 == 0 ? "\n" : "")).utf8)
        var tail = LineTail()
        var at = 0
        while at < whole.count {
            let end = min(whole.count, at + 1 + Int(random.next() % 300))
            tail.append(Array(whole[at..<end]), elapsed: 1)
            at = end
        }
        #expect(tail.last(10).map(\.text) == lines.suffix(10))
        #expect(tail.bytes == Int64(whole.count))
        var once = LineTail()
        once.append(whole, elapsed: 1)
        #expect(once.last(10) == tail.last(10))
    }

    @Test("A progress bar is one line, and a line without end stays small")
    func returns() {
        var tail = LineTail()
        for percent in 0...100_000 { tail.append(Array("\r\(percent)%".utf8), elapsed: Int64(percent)) }
        #expect(tail.last(5).map(\.text) == ["100000%"])
        var long = LineTail()
        for _ in 0..<100 { long.append([UInt8](repeating: 0x61, count: 1000), elapsed: 0) }
        #expect(long.last(1).first?.text.count == LineTail.lineLimit)
    }

    @Test("An unfinished line counts as the last")
    func unfinished() {
        var tail = LineTail()
        tail.append(Array("a\nb\nc".utf8), elapsed: 5)
        #expect(tail.last(2).map(\.text) == ["b", "c"])
        #expect(tail.last(0).isEmpty)
        tail.append(Array("d\n".utf8), elapsed: 6)
        #expect(tail.last(2) == [.init(text: "b", elapsed: 5), .init(text: "cd", elapsed: 6)])
    }

    @Test("A hundred megabytes cost what their last lines cost", .timeLimit(.minutes(1)))
    func large() {
        let piece = Array(String(repeating: "0123456789abcdef\n", count: 1 << 16).utf8)
        var tail = LineTail()
        for _ in 0..<100 { tail.append(piece, elapsed: 0) }
        #expect(tail.bytes == Int64(piece.count) * 100)
        #expect(tail.last(64).count == 64)
    }
}

/// A small generator with a seed, so that a failing case can be run again.
struct Lehmer {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}
