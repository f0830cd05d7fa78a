// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Testing

@testable import Commands

@Suite("Writing to a person")
struct OutputSinkTests {
    @Test("All that is written arrives in order, in few pieces")
    func order() {
        let sink = OutputSink()
        for number in 0..<50_000 { sink.write("\(number)\n") }
        sink.flush()
        #expect(sink.captured == (0..<50_000).map { "\($0)\n" }.joined())
    }

    @Test("A reader that goes away is noticed and no error")
    func closed() {
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        close(ends[0])
        let old = signal(SIGPIPE, SIG_IGN)
        defer { _ = signal(SIGPIPE, old) }
        let sink = OutputSink(descriptor: ends[1])
        sink.write("text")
        sink.flush()
        #expect(sink.isClosed)
        sink.write("more")
        sink.flush()
        close(ends[1])
    }
}
