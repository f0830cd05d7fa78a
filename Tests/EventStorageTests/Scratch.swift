// SPDX-License-Identifier: Apache-2.0

import BuildModel
import EventStorage
import Foundation
import SystemPackage

/// A data root of its own for one test, removed with it.
final class Scratch: Sendable {
    let root: FilePath
    let clock = SteppingClock()

    init() throws {
        var template = Array("/tmp/reel-test-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SystemCallError("mkdtemp", "/tmp") }
        root = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    deinit { try? FileManager.default.removeItem(atPath: root.string) }

    var log: FilePath { root.appending("log.sqlite") }
    var index: FilePath { root.appending("index.sqlite") }

    func open(creating: Bool = true) throws -> EventLog {
        try EventLog.open(root: root, clock: clock, creating: creating)
    }
}

/// A clock whose every reading is a microsecond later.
struct SteppingClock: WallClock {
    private let reading = Reading()

    func now() -> Timestamp { Timestamp(nanoseconds: 1_700_000_000_000_000_000 + reading.next() * 1000) }

    private final class Reading: @unchecked Sendable {
        private let lock = NSLock()
        private var value: Int64 = 0
        func next() -> Int64 {
            lock.withLock {
                value += 1
                return value
            }
        }
    }
}
