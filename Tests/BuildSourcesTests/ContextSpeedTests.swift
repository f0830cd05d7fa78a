// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
import Testing

@testable import BuildSources

/// What is limited is the processor time of the calling thread, which other tests and processes hardly change. It does
/// everything but reading and hashing files.
@Suite("Speed of contexts", .serialized)
struct ContextSpeedTests {
    /// The best of `runs`, with `before` ahead of each.
    private func measure(
        _ what: String,
        below limit: Duration,
        runs: Int = 1,
        before: () throws -> Void = {},
        _ body: () throws -> Void
    ) rethrows {
        var (best, bestWall) = (Duration.seconds(1000), Duration.seconds(1000))
        for _ in 0..<runs {
            try before()
            let start = Self.threadTime()
            bestWall = min(bestWall, try ContinuousClock().measure(body))
            best = min(best, Self.threadTime() - start)
        }
        print("\(what): \(best) of this thread, \(bestWall) in all")
        #if !DEBUG
            #expect(best < limit, "\(what)")
        #endif
    }

    /// The processor time that the calling thread has had.
    private static func threadTime() -> Duration {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// 200 folders of `each` files.
    private func fill(_ folder: ContextFolder, each: Int, bytes: Int) throws {
        for directory in 0..<200 {
            try folder.directory("d\(directory)")
            for file in 0..<each {
                var contents = [UInt8](repeating: UInt8(file & 0xFF), count: bytes)
                contents.replaceSubrange(
                    0..<8,
                    with: (0..<8).map { UInt8(truncatingIfNeeded: (directory * each + file) >> (8 * $0)) }
                )
                try folder.file(Array("d\(directory)/f\(file)".utf8), contents)
            }
        }
    }

    @Test("20,000 files of 80 MB")
    func twentyThousand() throws {
        let folder = try ContextFolder()
        try fill(folder, each: 100, bytes: 4096)
        waitForTrust()
        let reader = try folder.reader()
        try measure("digest alone, cold", below: .milliseconds(500)) {
            _ = try folder.plainReader.read(root: folder.tree)
        }
        var first: LocalContext?
        try measure("cold", below: .seconds(1)) { first = try reader.read(root: folder.tree) }
        #expect(first?.filesRead == 20_000)
        var second: LocalContext?
        try measure("unchanged", below: .milliseconds(200), runs: 3) { second = try reader.read(root: folder.tree) }
        #expect(second?.filesRead == 0)
        #expect(second?.layer == first?.layer)
        var third: LocalContext?
        var round = 0
        func change() throws {
            round += 1
            try folder.file("d7/f7", "changed \(round)")
            waitForTrust()
        }
        try measure("one changed", below: .milliseconds(700), runs: 3, before: change) {
            third = try reader.read(root: folder.tree)
        }
        #expect(third?.filesRead == 1)
        #expect(third?.layer != first?.layer)
    }

    @Test("100,000 files, and one of 256 MB, in bounded memory")
    func memory() throws {
        let folder = try ContextFolder(inMemory: true)
        try fill(folder, each: 500, bytes: 64)
        try folder.sparse("large", size: 256 << 20)
        waitForTrust()
        let reader = try folder.reader()
        var peaks: [Int] = []
        try measure("100,000 files and 256 MB, cold", below: .seconds(10)) { _ = try reader.read(root: folder.tree) }
        peaks.append(try Self.peakMemory())
        try measure("100,000 files, unchanged", below: .seconds(1)) { _ = try reader.read(root: folder.tree) }
        peaks.append(try Self.peakMemory())
        print("peak memory: \(peaks.map { "\($0 >> 20) MB" })")
        #expect(peaks.allSatisfy { $0 < 250 << 20 }, "with all that other tests hold")
    }

    /// The most memory that this process ever held, in bytes.
    private static func peakMemory() throws -> Int {
        let text = String(decoding: try shell("awk '/VmHWM/ { print $2 }' /proc/\(getpid())/status"), as: UTF8.self)
        return (Int(text.dropLast()) ?? 0) << 10
    }
}
