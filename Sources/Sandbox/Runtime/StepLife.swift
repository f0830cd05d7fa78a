// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Synchronization
import SystemPackage

/// Keeps a step alive: it is killed when the pipe that this holds is closed, by cancellation or by reel's own death.
final class StepLife: Sendable {
    private enum State {
        case notStarted
        case holding(FileDescriptor)
        case over(wasCancelled: Bool)
    }

    private let state = Mutex(State.notStarted)

    /// Hands over the end of the pipe whose closing kills.
    ///
    /// - Throws: `CancellationError` when the step is already cancelled; the descriptor is closed then.
    func hold(_ descriptor: FileDescriptor) throws {
        let isCancelled = state.withLock { state in
            if case .over = state { return true }
            state = .holding(descriptor)
            return false
        }
        if isCancelled {
            try? descriptor.close()
            throw CancellationError()
        }
    }

    /// Kills the step.
    func cancel() { end(wasCancelled: true) }

    /// Lets go after the step has ended.
    func finish() { end(wasCancelled: false) }

    /// Whether `cancel` came first.
    var wasCancelled: Bool {
        state.withLock { if case .over(true) = $0 { true } else { false } }
    }

    private func end(wasCancelled: Bool) {
        let held = state.withLock { state -> FileDescriptor? in
            if case .over = state { return nil }
            defer { state = .over(wasCancelled: wasCancelled) }
            if case .holding(let descriptor) = state { return descriptor }
            return nil
        }
        try? held?.close()
    }
}
