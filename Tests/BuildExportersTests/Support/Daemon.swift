// SPDX-License-Identifier: Apache-2.0

import Subprocess
import SystemPackage
import Testing

/// Programs that run in the background for as long as a test needs them.
enum Daemon {
    /// Runs `arguments` while `body` works, then ends it.
    static func run(_ arguments: [String], _ body: @escaping @Sendable () async throws -> Void) async throws {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(10))]
        let result = try await Subprocess.run(
            .name(arguments[0]),
            arguments: Arguments(Array(arguments.dropFirst())),
            platformOptions: options,
            input: .none,
            output: .discarded,
            error: .discarded
        ) { execution in
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            await execution.teardown(using: [.gracefulShutDown(allowedDurationToNextStep: .seconds(10))])
            return result
        }
        _ = try result.closureResult.get()
    }

    /// Waits until `ready`, at most 20 seconds.
    static func wait(_ ready: () async throws -> Bool) async throws {
        for _ in 0..<200 {
            if try await ready() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("the daemon did not come up")
        throw CancellationError()
    }
}

/// Text files.
enum AtomicText {
    static func write(_ text: String, to path: FilePath) throws {
        let file = try FileDescriptor.open(
            path,
            .writeOnly,
            options: [.create, .truncate],
            permissions: [.ownerReadWrite, .groupRead]
        )
        try file.closeAfter { _ = try file.writeAll(text.utf8) }
    }
}
