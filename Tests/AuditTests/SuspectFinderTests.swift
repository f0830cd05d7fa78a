// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

@testable import Audit

@Suite("Suspects of a difference")
struct SuspectFinderTests {
    /// 2026-08-01T12:00:00Z and an hour later.
    private static let then = Timestamp(seconds: 1_785_585_600)
    private static let now = Timestamp(seconds: 1_785_589_200)

    private func finder(command: String = "") -> SuspectFinder {
        SuspectFinder(then: Self.then, now: Self.now, command: command, hosts: ["buildkitsandbox", "reel-varied"])
    }

    /// A text then and now, in a file, and the first suspect of it; `nil` for none.
    struct Case: Sendable, CustomTestStringConvertible {
        var then: String
        var now: String
        var path = "out.txt"
        var command = ""
        var suspect: Suspicion.Suspect?
        var testDescription: String { "\(suspect?.rawValue ?? "none"): \(then.prefix(30)) → \(now.prefix(30))" }
    }

    static let cases: [Case] = [
        Case(then: "built at 1785585601\n", now: "built at 1785589203\n", suspect: .time),
        Case(then: "1785585601123\n", now: "1785589203456\n", suspect: .time),
        Case(then: "on 2026-08-01 12:00:03\n", now: "on 2026-08-01 13:00:09\n", suspect: .time),
        Case(then: "Sat Aug  1 12:00:03 UTC 2026\n", now: "Sat Aug  1 13:00:04 UTC 2026\n", suspect: .time),
        Case(then: "#define STAMP \"20260801\"\n", now: "#define STAMP \"20260802\"\n", suspect: .time),
        Case(then: "done in 0.51s\n", now: "done in 0.53s\n", suspect: .time),
        Case(then: "elapsed 12\n", now: "elapsed 14\n", suspect: .time),
        Case(then: "/build/a1/src/x.c\n", now: "/build/b2/src/x.c\n", suspect: .buildPath),
        Case(then: "log of pid 31\n", now: "log of pid 47\n", suspect: .pid),
        Case(then: "31\n", now: "47\n", path: "run/server.pid", suspect: .pid),
        Case(then: "{'a': 1, 'b': 2, 'c': 3}\n", now: "{'c': 3, 'a': 1, 'b': 2}\n", suspect: .hashOrder),
        Case(then: "b\nc\na\nd\n", now: "d\na\nc\nb\n", suspect: .hashOrder),
        Case(then: "B\na\nC\nd\n".sortedLines, now: "a\nB\nC\nd\n", suspect: .locale),
        Case(then: "1.5\n", now: "1,5\n", suspect: .locale),
        Case(then: "LANG=C.UTF-8\n", now: "LANG=fr_CH.UTF-8\n", suspect: .locale),
        Case(then: "on buildkitsandbox\n", now: "on reel-varied\n", suspect: .hostName),
        Case(
            then: "3f0e6a5c-11d2-4b1c-9a55-0a1b2c3d4e5f\n",
            now: "9a77c1de-52f0-4e0a-8d11-5e6f7a8b9c0d\n",
            suspect: .random
        ),
        Case(then: "key 313da6bd78070b46b6c8\n", now: "key 585243cb3d0df4cb7a45\n", suspect: .random),
        Case(then: "see /tmp/tmp.aB3xYz\n", now: "see /tmp/tmp.Q9rT2w\n", suspect: .random),
        Case(then: "src/b.c\nsrc/a.c\nsrc/z.c\n", now: "src/z.c\nsrc/b.c\nsrc/a.c\n", suspect: .fileOrder),
        Case(
            then: "compiled two\ncompiled one\ncompiled zed\n",
            now: "compiled one\ncompiled zed\ncompiled two\n",
            command: "/bin/sh -c make -j2",
            suspect: .parallelism
        ),
        Case(then: "the answer is yes\n", now: "the answer is no\n", suspect: nil),
        Case(then: "one line\n", now: "one line\nand another\n", suspect: nil),
    ]

    @Test("Each usual reason is told from what differs", arguments: cases)
    func text(_ item: Case) {
        let found = finder(command: item.command).inText(Array(item.then.utf8), Array(item.now.utf8), path: item.path)
        #expect(found.first?.suspect == item.suspect, "\(found)")
    }

    @Test("Times and random bytes are found in files that are no text")
    func bytes() {
        func seconds(_ time: Timestamp) -> [UInt8] {
            let value = UInt32(time.nanoseconds / 1_000_000_000)
            return [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value >> $0) }
        }
        let head: [UInt8] = [0xCA, 0xFE, 0, 1, 2, 3, 4, 5]
        let times = finder().inBytes(head + seconds(Self.then) + [0], head + seconds(Self.now) + [0], at: 0, path: "x")
        #expect(times.first?.suspect == .time)

        let gzip: [UInt8] = [0x1F, 0x8B, 8, 0]
        let stamps = finder().inBytes(gzip + [1, 2, 3, 4] + head, gzip + [9, 2, 3, 4] + head, at: 0, path: "x.gz")
        #expect(stamps.first?.suspect == .time)

        let noise = (0..<32).map { UInt8(truncatingIfNeeded: 0x80 + $0 * 37) }
        let other = (0..<32).map { UInt8(truncatingIfNeeded: 0x91 + $0 * 59) }
        let random = finder().inBytes(head + noise, head + other, at: 0, path: "x")
        #expect(random.first?.suspect == .random, "\(random)")

        let flipped = finder().inBytes(head + [1] + head, head + [2] + head, at: 0, path: "x")
        #expect(flipped.isEmpty, "\(flipped)")
    }
}

extension String {
    fileprivate var sortedLines: String {
        split(separator: "\n").sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: "\n") + "\n"
    }
}
