// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Synchronization

/// Blocking work on a thread of its own that notices when its task is cancelled.
enum Interruptible {
    /// Runs `work` in `Offload`; within it `Stop.check()` throws `CancellationError` once the calling task is cancelled.
    static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        let stop = Stop()
        return try await withTaskCancellationHandler {
            try await Offload.run { try Stop.$current.withValue(stop, operation: work) }
        } onCancel: {
            stop.request()
        }
    }
}

/// The wish to end, as seen by blocking work.
final class Stop: Sendable {
    @TaskLocal static var current: Stop?
    private let wanted = Atomic(false)

    func request() { wanted.store(true, ordering: .relaxed) }

    /// Throws `CancellationError` if the work that runs on this thread was asked to end.
    static func check() throws { try current?.check() }

    /// The same for a thread that was started by such work.
    func check() throws {
        if wanted.load(ordering: .relaxed) { throw CancellationError() }
    }
}
