// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildEvents
import BuildModel
import SystemPackage

/// Takes an image into the store.
struct ImageImport: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take an image into the store under a name.",
        discussion: """
            FILE is a root file system as a tar (plain or compressed), an OCI layout (a directory or a tar), or an archive \
            of 'docker save'; it is recognised by its content.
            """
    )

    @Argument(help: ArgumentHelp("The image's name, such as debian:12.", valueName: "NAME"))
    var name: String

    @Argument(help: ArgumentHelp("What to take in.", valueName: "FILE"), completion: .file())
    var file: String

    @Option(help: ArgumentHelp("Which image of several platforms, or that of a bare root.", valueName: "OS/ARCH"))
    var platform: String?

    @Option(help: ArgumentHelp("Which image of a file with several: a name in it, or a digest.", valueName: "NAME"))
    var reference: String?

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let platform = try platform.map { try Platform(parsing: $0, host: .compiled) } ?? .compiled
        let engine = try store.engine(for: console)
        let image = try await engine.importImage(
            name: name,
            path: FilePath(file),
            platform: platform,
            reference: reference
        )
        if form.json {
            console.print(image.json)
        } else {
            let count = "\(image.layers.count) layer\(image.layers.count == 1 ? "" : "s")"
            console.print("\(name) is \(image.manifest), \(image.platform), \(count)")
        }
        return 0
    }
}
