// SPDX-License-Identifier: Apache-2.0

import Subprocess
import Testing

/// Programs that run in the background for as long as a test needs them.
enum Daemon {
    /// Runs `arguments` while `body` works, then ends it.
    static func run(_ arguments: [String], _ body: @escaping @Sendable () async throws -> Void) async throws {
        let ended = try await Subprocess.run(
            .name(arguments[0]),
            arguments: Arguments(Array(arguments.dropFirst())),
            input: .none,
            output: .discarded,
            error: .discarded
        ) { execution in
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            await execution.teardown(using: [.gracefulShutDown(allowedDurationToNextStep: .seconds(10))])
            return result
        }
        try ended.closureResult.get()
    }

    /// Waits until `ready`, at most 20 seconds.
    static func wait(_ ready: () async throws -> Bool) async throws {
        for _ in 0..<400 {
            if try await ready() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("the daemon did not come up")
        throw CancellationError()
    }
}
