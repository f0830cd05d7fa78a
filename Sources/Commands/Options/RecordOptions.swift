// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// How a build is made repeatable and what of it is kept.
struct RecordOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "File times in layers: 'clamp' to SOURCE_DATE_EPOCH (else 1980-01-01), or 'keep'.",
            valueName: "clamp|keep"
        )
    )
    var timestamps: TimestampChoice = .clamp

    @Flag(help: "Also show SOURCE_DATE_EPOCH to the steps.")
    var reproducible = false

    @Option(
        name: .customLong("context-modes"),
        help: ArgumentHelp("Permission bits of contexts: all ('keep'), or git's two ('git').", valueName: "keep|git")
    )
    var contextModes: ContextModeChoice = .keep

    @Flag(
        name: .customLong("no-store-context"),
        help: "Record contexts by their digests only; then there is no replay."
    )
    var dropsContext = false

    @Flag(name: .customLong("verify-context"), help: "Read every file of the contexts, whatever seems unchanged.")
    var verifiesContext = false
}

/// What becomes of file times.
enum TimestampChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    case clamp, keep
}

/// Which permission bits of a context count.
enum ContextModeChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    case keep, git
}
