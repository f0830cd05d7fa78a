// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine

/// Prints or installs the manual.
struct ManualCommand: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "man",
        abstract: "Print a page of the manual for man(1), or install all pages."
    )

    @Argument(help: ArgumentHelp("The command, such as 'history ls'; reel itself without it.", valueName: "COMMAND"))
    var command: [String] = []

    @Flag(help: "Install all pages where man(1) finds them.")
    var install = false

    @Option(help: ArgumentHelp("Write all pages into a folder.", valueName: "DIR"), completion: .directory)
    var directory: String?

    func perform(on console: Console) async throws -> Int32 {
        let manual = try Manual()
        let folder =
            install ? InstallPlaces(console.environment).manual : directory.map { console.environment.absolute($0) }
        guard let folder else {
            let name = (["reel"] + command).joined(separator: "-")
            guard let page = manual.pages.first(where: { $0.name == name }) else {
                throw UsageError("'\(command.joined(separator: " "))': there is no such command; see 'reel --help'")
            }
            console.output.write(page.text)
            return 0
        }
        guard command.isEmpty else { throw UsageError("all pages are written together; leave out the command") }
        try FileKind.makeFolders(folder)
        for page in manual.pages {
            try InputFile.write(Array(page.text.utf8), to: "\(folder)/\(page.name).1")
            console.print("\(folder)/\(page.name).1")
        }
        return 0
    }
}
