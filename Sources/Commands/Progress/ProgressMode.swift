// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine

/// How a build's progress is shown.
enum ProgressMode: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// `tty` on a terminal, else `plain`.
    case auto
    /// Numbered lines.
    case plain
    /// A tree that is kept up to date.
    case tty
    /// The events as JSON Lines.
    case rawjson
    /// Nothing but the digest.
    case quiet

    /// The mode in use: the option, else docker's variable for it, else what the terminal can show.
    static func resolve(_ given: ProgressMode?, quiet: Bool, console: Console) -> ProgressMode {
        if quiet { return .quiet }
        let variable = console.environment.variables["BUILDKIT_PROGRESS"].flatMap(ProgressMode.init(rawValue:))
        switch given ?? variable ?? .auto {
        case .auto:
            let isSmart = console.complainsToTerminal && console.environment.variables["TERM"] != "dumb"
            return isSmart ? .tty : .plain
        case let mode: return mode
        }
    }
}
