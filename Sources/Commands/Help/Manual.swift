// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildModel

/// The pages of the manual, made from what the argument parser knows of the commands.
///
/// Source: man(7); swift-argument-parser, `ArgumentParserToolInfo`, version 0 of its description of a program.
struct Manual {
    /// One page.
    struct Page {
        /// Such as `reel-history-ls`.
        let name: String
        /// The page in the language of man(7).
        let text: String
    }

    /// The pages, each before those of its subcommands.
    private(set) var pages: [Page] = []

    /// Makes all pages.
    init() throws {
        let description = try JSONValue(parsing: Array(Reel._dumpHelp().utf8))
        add(description["command"] ?? .null, parents: [])
    }

    private mutating func add(_ command: JSONValue, parents: [String]) {
        guard let name = command["commandName"]?.text, name != "help" else { return }
        let path = parents + [name]
        pages.append(Page(name: path.joined(separator: "-"), text: ManualPage(command: command, path: path).text))
        for child in command["subcommands"]?.elements ?? [] { add(child, parents: path) }
    }
}
