// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine

/// How a build goes on; nothing here bears on the result.
struct RunOptions: ParsableArguments {
    @Flag(name: .customLong("no-cache"), help: "Use no earlier result.")
    var noCache = false

    @Option(
        name: .customLong("no-cache-filter"),
        help: ArgumentHelp("Use no earlier result of these stages.", valueName: "STAGE,…")
    )
    var noCacheStages: [String] = []

    @Option(name: .customLong("max-parallelism"), help: ArgumentHelp("How many steps run at once.", valueName: "N"))
    var maxParallelism: Int?

    @Flag(name: .customLong("expect-cached"), help: "End with 13 when a step would have to run.")
    var expectCached = false

    @Flag(name: .customLong("offline"), help: "Ask no remote; what can move is an error.")
    var offline = false

    @Flag(
        name: .customLong("offline-last"),
        help: "Ask no remote; what can move is what it was last (also --offline=last)."
    )
    var offlineLast = false

    /// Puts the choices into a request.
    ///
    /// - Throws: `UsageError` for numbers that make no sense.
    func apply(to request: inout BuildRequest) throws {
        request.noCache = noCache
        request.offline = offlineLast ? .last : offline ? .strict : .no
        request.noCacheStages = KeyValue.list(noCacheStages)
        request.expectCached = expectCached
        if let maxParallelism {
            guard maxParallelism >= 1 else {
                throw UsageError("--max-parallelism \(maxParallelism): at least one step must run")
            }
            request.maxParallelism = maxParallelism
        }
    }
}
