// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Runs blocking work on threads of its own, so that it never holds a thread of Swift's cooperative pool.
public enum Offload {
    private static let queue = DispatchQueue(label: "reel.blocking", attributes: .concurrent)

    /// Runs `work` on a thread where it may block, and waits for it without blocking the caller's thread.
    public static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: work)) }
        }
    }
}
