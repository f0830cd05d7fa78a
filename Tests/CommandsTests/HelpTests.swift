// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import Testing

@testable import Commands

@Suite("Help, manual and completions")
struct HelpTests {
    /// Every command's words with the long names of its options, as the parser knows them.
    static func commands() throws -> [(path: [String], options: [String])] {
        func walk(_ command: JSONValue, _ parents: [String]) -> [(path: [String], options: [String])] {
            guard let name = command["commandName"]?.text, name != "help" else { return [] }
            let options = (command["arguments"]?.elements ?? []).flatMap { argument in
                (argument["names"]?.elements ?? []).filter { $0["kind"]?.text == "long" }.compactMap {
                    $0["name"]?.text
                }
            }
            let path = parents + [name]
            return [(path, options)] + (command["subcommands"]?.elements ?? []).flatMap { walk($0, path) }
        }
        let description = try JSONValue(parsing: Array(Reel._dumpHelp().utf8))
        return walk(description["command"] ?? .null, [])
    }

    @Test("The first page names every command and fits a terminal")
    func page() throws {
        for (path, _) in try Self.commands() where path.count == 2 {
            #expect(HelpPage.text.contains(path[1]), "\(path)")
        }
        #expect(HelpPage.text.split(separator: "\n").allSatisfy { $0.count <= 90 })
        for kind in FaultKind.allCases { #expect(HelpPage.text.contains("\(kind.exitCode)  ")) }
    }

    @Test("The documentation has every command and every option")
    func documentation() throws {
        let repository = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
        let text = String(decoding: try InputFile.read(repository + "/Docs/commands.md", limit: 1 << 20), as: UTF8.self)
        for (path, options) in try Self.commands() {
            #expect(path.count == 1 || text.contains("reel " + path.dropFirst().joined(separator: " ")), "\(path)")
            for option in options where option != "help" {
                #expect(text.contains("--" + option), "\(path) --\(option)")
            }
        }
    }

    @Test("Every command has a page of the manual, and no line of it is a request by accident")
    func manual() throws {
        let pages = try Manual().pages
        #expect(Set(pages.map(\.name)) == Set(try Self.commands().map { $0.path.joined(separator: "-") }))
        let requests: Set<Substring> = [".TH", ".SH", ".TP", ".PP"]
        for page in pages {
            for line in page.text.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
                #expect(requests.contains(line.prefix { $0 != " " }), "\(page.name): \(line)")
            }
        }
    }

    @Test("Completions and manual are put where the programs look", arguments: ShellName.allCases)
    func install(shell: ShellName) async throws {
        let bench = try Bench()
        #expect(shell.script.contains("history"))
        let home = ["HOME": bench.folder]
        let environment = bench.console(variables: home).environment
        var person = environment
        person.uid = 1000
        let place = InstallPlaces(person).completions(of: shell)
        #expect(place.hasPrefix(bench.folder + "/."))
        #expect(InstallPlaces(environment).completions(of: shell).hasPrefix("/usr/local/share/"))
        let printed = await bench.run("completions", "print", shell.rawValue)
        #expect(printed.output == shell.script + "\n")
        let written = await bench.run("man", "--directory", "pages")
        #expect(written.code == 0)
        #expect(FileKind.exists(bench.folder + "/pages/reel-history-ls.1"))
    }
}
