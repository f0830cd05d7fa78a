// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import BuildSources
import PathPatterns
import SystemPackage

/// Prints what is in a context, or why a path is or is not.
struct ContextListCommand: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "Print what is in a context, or which rule let a path in or kept it out.",
        discussion: "With --why it ends with 1 for a path that is kept out."
    )

    @Argument(help: ArgumentHelp("The directory.", valueName: "PATH"), completion: .directory)
    var path = "."

    @Option(
        name: [.short, .customLong("file")],
        help: ArgumentHelp("The Dockerfile, for its ignore rules.", valueName: "FILE")
    )
    var file: String?

    @Option(
        name: .customLong("ignore-file"),
        help: ArgumentHelp("Ignore rules, in place of the context's own.", valueName: "FILE"),
        completion: .file()
    )
    var ignoreFile: String?

    @Option(help: ArgumentHelp("Say which rule on which line decides about this path.", valueName: "PATH"))
    var why: String?

    @OptionGroup var form: JSONOptions

    func perform(on console: Console) async throws -> Int32 {
        let input = try BuildInput(path: path, file: file, llb: nil, console: console)
        guard path != "-", let directory = input.directory,
            case .dockerfile(name: let dockerfile, bytes: _) = input.frontend
        else { throw UsageError("\(path): name a directory") }
        var request = ContextHashRequest(directory: FilePath(directory), dockerfile: dockerfile)
        request.ignoreFile = ignoreFile.map { console.environment.absolute($0) }
        let rules = try request.rules()
        if let why { return try explain(why, rules: rules, directory: directory, on: console) }
        let chosen = request
        for entry in try await Offload.run({ try chosen.entries() }) { list(entry, on: console) }
        return 0
    }

    private func explain(_ path: String, rules: IgnoreFile?, directory: String, on console: Console) throws -> Int32 {
        let absolute = path.hasPrefix("/") ? path : directory + "/" + path
        let prefix = directory.hasSuffix("/") ? directory : directory + "/"
        guard absolute.hasPrefix(prefix), FileKind.exists(absolute) else {
            throw UsageError("\(path): there is no such path in \(directory)")
        }
        let relative = absolute.dropFirst(prefix.count).split(separator: "/").filter { $0 != "." }.joined(
            separator: "/"
        )
        let (isIgnored, rule) = rules?.explain(Array(relative.utf8)) ?? (false, nil)
        let place = rule.flatMap { rule in rules.map { "\($0.name):\(rule.line ?? 0)" } }
        if form.json {
            var members: [String: JSONValue] = ["id": .string(relative), "path": .string(relative)]
            members["included"] = .boolean(!isIgnored)
            members["rule"] = rule.map { .string($0.spelling) }
            members["file"] = rules.map { .string($0.name) }
            members["line"] = rule?.line.map { .integer(Int64($0)) }
            console.print(.object(members))
        } else {
            let verdict = isIgnored ? "left out" : "included"
            let reason = rule.map { "by '\($0.spelling)' at \(place ?? "")" }
            console.print("\(relative): \(verdict), " + (reason ?? "no rule matches it"))
        }
        return isIgnored ? FaultKind.failed.exitCode : 0
    }

    private func list(_ entry: ContextEntry, on console: Console) {
        let path = String(decoding: entry.path, as: UTF8.self)
        var members: [String: JSONValue] = ["id": .string(path), "path": .string(path)]
        var words = path
        switch entry.content {
        case .directory:
            members["type"] = "directory"
            words += "/"
        case .file(let size, let digest):
            members["type"] = "file"
            members["size"] = .integer(size)
            members["digest"] = .string(digest.description)
        case .symbolicLink(let target):
            members["type"] = "symlink"
            members["target"] = .string(String(decoding: target, as: UTF8.self))
            words += " -> " + String(decoding: target, as: UTF8.self)
        case .hardLink(let target):
            members["type"] = "hardlink"
            members["target"] = .string(String(decoding: target, as: UTF8.self))
        }
        if form.json { console.print(.object(members)) } else { console.print(words) }
    }
}
