// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux

/// A thread of its own for work that blocks as long as a step runs.
///
/// A pool would make steps wait for each other.
enum BlockingThread {
    /// What the thread is handed through C.
    private final class Box: Sendable {
        let work: @Sendable () -> Void
        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }

    /// Runs `work` on a new thread and waits for it without blocking the caller's.
    static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let box = Box { continuation.resume(with: Result(catching: work)) }
            let raw = unsafe Unmanaged.passRetained(box).toOpaque()
            let code = unsafe reel_start_thread(
                { raw in
                    guard let raw = unsafe raw else { return }
                    unsafe Unmanaged<Box>.fromOpaque(raw).takeRetainedValue().work()
                },
                raw
            )
            if code != 0 {
                unsafe Unmanaged<Box>.fromOpaque(raw).release()
                continuation.resume(throwing: SystemCallError("pthread_create", "a thread for a step", code: code))
            }
        }
    }
}
