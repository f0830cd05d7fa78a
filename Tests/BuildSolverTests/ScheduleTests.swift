// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

@testable import BuildSolver

@Suite("Schedule")
struct ScheduleTests {
    static func vertex(_ name: String) -> ContentDigest { ContentDigest(of: name) }
    let a = vertex("a")
    let b = vertex("b")
    let c = vertex("c")
    let d = vertex("d")

    /// `a` feeds `b` and `c`, which both feed `d`.
    var diamond: Schedule {
        Schedule(inputs: [(d, [b, c]), (b, [a]), (c, [a]), (a, [])])
    }

    @Test("A join starts after its last input, whichever that is", arguments: [false, true])
    func join(reversed: Bool) {
        var schedule = diamond
        #expect(schedule.takeReady() == [a])
        #expect(schedule.takeReady().isEmpty, "a vertex is offered once")
        schedule.finish(a)
        #expect(Set(schedule.takeReady()) == [b, c])
        schedule.finish(reversed ? c : b)
        #expect(schedule.takeReady().isEmpty, "one of two inputs is not enough")
        schedule.finish(reversed ? b : c)
        #expect(schedule.takeReady() == [d])
        schedule.finish(d)
        #expect(schedule.unfinished == 0)
    }

    @Test("A cycle never becomes ready and stays unfinished")
    func cycle() {
        var schedule = Schedule(inputs: [(a, [b]), (b, [a]), (c, [])])
        #expect(schedule.takeReady() == [c])
        schedule.finish(c)
        #expect(schedule.takeReady().isEmpty)
        #expect(schedule.unfinished == 2)
    }

    @Test("Every vertex of a random graph is offered once, after all that it reads", arguments: 0..<20 as Range<UInt64>)
    func random(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func next(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        let vertices = (0..<200).map { Self.vertex("\(seed)-\($0)") }
        var reads: [ContentDigest: Set<ContentDigest>] = [:]
        for (index, vertex) in vertices.enumerated() {
            reads[vertex] = Set((0..<(index == 0 ? 0 : next(4))).map { _ in vertices[next(index)] })
        }
        var schedule = Schedule(inputs: vertices.reversed().map { ($0, reads[$0] ?? []) })
        var waiting = schedule.takeReady()
        var done: Set<ContentDigest> = []
        while !waiting.isEmpty {
            let vertex = waiting.remove(at: next(waiting.count))
            #expect(reads[vertex]?.isSubset(of: done) == true)
            #expect(done.insert(vertex).inserted)
            schedule.finish(vertex)
            waiting += schedule.takeReady()
        }
        #expect(done.count == vertices.count)
        #expect(schedule.unfinished == 0)
    }
}
