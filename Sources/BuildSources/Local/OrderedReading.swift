// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// Work done on several threads, whose results come in order on one.
///
/// At most `window` pieces are under way or waiting to be taken, which bounds the memory. The first error, in the order
/// of the pieces, is what the taker gets.
final class OrderedReading<Value: Sendable>: Sendable {
    private struct Slots {
        var next = 0
        var results: [Int: Result<Value, any Error>] = [:]
        var isStopped = false
    }

    private let count: Int
    private let work: @Sendable (Int) throws -> Value
    private let slots = Mutex(Slots())
    /// Free places of the window.
    private let room: DispatchSemaphore
    /// One signal for each result.
    private let arrivals = DispatchSemaphore(value: 0)
    private let threads: Int

    /// Starts to work on the pieces `0..<count`.
    init(count: Int, threads: Int, window: Int, work: @escaping @Sendable (Int) throws -> Value) {
        self.count = count
        self.work = work
        self.threads = max(1, min(threads, 64, count))
        // Made with 0 and raised, since a semaphore may not be let go below the value that it was made with.
        room = DispatchSemaphore(value: 0)
        for _ in 0..<max(window, 1) { room.signal() }
        let queue = DispatchQueue(label: "reel.context", attributes: .concurrent)
        for _ in 0..<(count == 0 ? 0 : self.threads) { queue.async { self.runWorker() } }
    }

    private func runWorker() {
        while true {
            room.wait()
            let index: Int? = slots.withLock { slots in
                guard !slots.isStopped, slots.next < count else { return nil }
                defer { slots.next += 1 }
                return slots.next
            }
            guard let index else {
                room.signal()
                return
            }
            let result = Result { try work(index) }
            slots.withLock { $0.results[index] = result }
            arrivals.signal()
        }
    }

    /// The result of piece `index`; call it once for each piece, in order. Blocks.
    func take(_ index: Int) throws -> Value {
        while true {
            if let result = slots.withLock({ $0.results.removeValue(forKey: index) }) {
                room.signal()
                return try result.get()
            }
            arrivals.wait()
        }
    }

    /// Lets no further piece start; pieces under way end on their own.
    func stop() {
        slots.withLock { $0.isStopped = true }
        for _ in 0..<threads { room.signal() }
    }
}
