// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import EventStorage
import SystemPackage

/// Which data root a command works on.
struct StoreOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The data root.", valueName: "DIR"), completion: .directory)
    var root: String?

    /// The path of the data root.
    func path(in console: Console) -> FilePath {
        guard let root else { return Engine.defaultRoot(in: console.environment) }
        return FilePath(console.environment.absolute(root))
    }

    /// Opens the data root for work, making it where there is none.
    func engine(for console: Console) throws -> Engine {
        try Engine(root: path(in: console), environment: console.environment)
    }
}

/// The choice of a form for programs.
struct JSONOptions: ParsableArguments {
    @Flag(help: "Print JSON Lines: one object a line, newest first.")
    var json = false
}
