// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// How a build is shown and what is told of its end.
struct EndOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How progress is shown.", valueName: "auto|plain|tty|rawjson|quiet"))
    var progress: ProgressMode?

    @Flag(name: .shortAndLong, help: "Print the image's digest alone.")
    var quiet = false

    @Flag(help: "Print the result as a JSON object.")
    var json = false

    @Option(help: ArgumentHelp("Write the image's digest to a file.", valueName: "FILE"), completion: .file())
    var iidfile: String?

    @Option(
        name: .customLong("metadata-file"),
        help: ArgumentHelp("Write what was made to a file, as buildx does.", valueName: "FILE"),
        completion: .file()
    )
    var metadataFile: String?

    @Option(
        name: .customLong("context-hash-file"),
        help: ArgumentHelp("Write the hash of the context to a file.", valueName: "FILE"),
        completion: .file()
    )
    var contextHashFile: String?

    /// The progress that is asked for, on this console.
    func progress(for console: Console) -> ConsoleProgress {
        ConsoleProgress(mode: ProgressMode.resolve(progress, quiet: quiet, console: console), console: console)
    }
}
