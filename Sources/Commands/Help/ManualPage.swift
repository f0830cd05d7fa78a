// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildModel

/// One page in the language of man(7).
struct ManualPage {
    private let command: JSONValue
    private let path: [String]

    init(command: JSONValue, path: [String]) {
        self.command = command
        self.path = path
    }

    /// The page.
    var text: String {
        let title = path.joined(separator: "-")
        var lines = [".TH \(title.uppercased()) 1 \"\" \"reel \(Engine.version)\" \"reel\"", ".SH NAME"]
        lines.append(Self.escaped(title) + " \\- " + Self.escaped(Self.sentence(command["abstract"]?.text ?? "")))
        lines += [".SH SYNOPSIS", "\\fB" + Self.escaped(path.joined(separator: " ")) + "\\fR " + synopsis]
        if let discussion = command["discussion"]?.text, !discussion.isEmpty {
            lines += [".SH DESCRIPTION"] + Self.paragraphs(discussion)
        }
        lines += subcommands + arguments
        if path.count == 1 { lines += Self.exitCodes }
        lines += [".SH SEE ALSO", Self.seeAlso(path)]
        return lines.joined(separator: "\n") + "\n"
    }

    private var shown: [JSONValue] {
        (command["arguments"]?.elements ?? []).filter { $0["shouldDisplay"]?.boolean != false }
    }

    private var synopsis: String {
        let children = command["subcommands"]?.elements ?? []
        if children.contains(where: { $0["commandName"]?.text != "help" }) { return "\\fICOMMAND\\fR" }
        let positional = shown.filter { $0["kind"]?.text == "positional" }.map { argument in
            let name = "\\fI\(Self.escaped(argument["valueName"]?.text ?? "VALUE"))\\fR"
            let repeated = name + (argument["isRepeating"]?.boolean == true ? "..." : "")
            return argument["isOptional"]?.boolean == true ? "[\(repeated)]" : repeated
        }
        return (["[\\fIOPTIONS\\fR]"] + positional).joined(separator: " ")
    }

    private var subcommands: [String] {
        let children = (command["subcommands"]?.elements ?? []).filter { $0["commandName"]?.text != "help" }
        guard !children.isEmpty else { return [] }
        return [".SH COMMANDS"]
            + children.flatMap { child in
                [
                    ".TP", "\\fB" + Self.escaped(child["commandName"]?.text ?? "") + "\\fR",
                    Self.escaped(child["abstract"]?.text ?? ""),
                ]
            }
    }

    /// Sections in the order in which the parser has them.
    private var arguments: [String] {
        var titles: [String] = []
        var sections: [String: [JSONValue]] = [:]
        for argument in shown {
            let isPositional = argument["kind"]?.text == "positional"
            let title = argument["sectionTitle"]?.text ?? (isPositional ? "Arguments" : "Options")
            if sections[title] == nil { titles.append(title) }
            sections[title, default: []].append(argument)
        }
        return titles.flatMap { title in
            [".SH " + Self.escaped(title.uppercased())] + (sections[title] ?? []).flatMap(Self.entry)
        }
    }

    private static func entry(_ argument: JSONValue) -> [String] {
        let value = argument["valueName"]?.text ?? ""
        let names = (argument["names"]?.elements ?? []).map { name in
            "\\fB" + escaped((name["kind"]?.text == "long" ? "--" : "-") + (name["name"]?.text ?? "")) + "\\fR"
        }
        var head = names.joined(separator: ", ")
        if argument["kind"]?.text != "flag" { head += (head.isEmpty ? "" : " ") + "\\fI" + escaped(value) + "\\fR" }
        var text = argument["abstract"]?.text ?? ""
        if let initial = argument["defaultValue"]?.text, !initial.isEmpty { text += " Default: \(initial)." }
        return [".TP", head, escaped(text)]
    }

    private static let exitCodes =
        [".SH EXIT STATUS"]
        + [
            ("0", "done, or identical"), ("1", "failed"), ("2", "wrong command line"), ("8", "a replay differs"),
            ("9", "material is missing"), ("10", "a secret is missing"), ("11", "a network is needed"),
            ("12", "the log or a blob is corrupt"), ("13", "a step was not cached"), ("130", "stopped by a person"),
        ].flatMap { [".TP", "\\fB\($0.0)\\fR", $0.1] } + [
            ".SH ENVIRONMENT", ".TP", "\\fBREEL_ROOT\\fR", "the data root", ".TP", "\\fBSOURCE_DATE_EPOCH\\fR",
            "the latest file time in layers, in seconds since 1970", ".TP", "\\fBBUILDKIT_PROGRESS\\fR",
            "how progress is shown where \\-\\-progress does not say", ".TP", "\\fBNO_COLOR\\fR",
            "where it is not empty there are no colours",
        ]

    private static func seeAlso(_ path: [String]) -> String {
        path.count == 1 ? "reel \\-\\-help" : "\\fB" + escaped(path.dropLast().joined(separator: "-")) + "\\fR(1)"
    }

    private static func paragraphs(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? ".PP" : escaped(String($0)) }
    }

    private static func sentence(_ text: String) -> String {
        let lower = text.prefix(1).lowercased() + text.dropFirst()
        return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }

    /// Text in which nothing is a request or an escape of roff.
    private static func escaped(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "\\": out += "\\e"
            case "-": out += "\\-"
            case "…": out += "..."
            case "'" where out.isEmpty, "." where out.isEmpty: out += "\\&\(character)"
            case "\n": out += " "
            default: out.append(character)
            }
        }
        return out
    }
}
