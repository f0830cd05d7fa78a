// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// A parsed file: directives, arguments before the first stage, stages of typed instructions.
public struct Dockerfile: Sendable {
    let file: SourceFile
    let directives: Directives
    /// ARG instructions before the first FROM.
    let globalArguments: [ArgInstruction]
    let stages: [Stage]
    /// Lines that are empty within a continuation.
    let emptyContinuations: [Int]

    /// A FROM and what follows it.
    struct Stage: Sendable {
        var from: FromInstruction
        var instructions: [Instruction]
        /// What it is known by; `nil` where it has a number only.
        var name: String? { from.name?.text.lowercased() }
    }

    /// Parses and checks a file; expands and resolves nothing.
    init(parsing source: [UInt8], fileName: String, allowsExtensions: Bool = true) throws(DockerfileError) {
        file = try SourceFile(name: fileName, bytes: source)
        var reader = try LineReader(file)
        directives = reader.directives
        let raw = try reader.all()
        var parser = InstructionParser(file: file, escape: directives.escape)
        parser.plainFrontend = Self.plainFrontend(directives.syntax?.text, allowsExtensions: allowsExtensions)
        var arguments: [ArgInstruction] = []
        var stages: [Stage] = []
        for text in raw {
            let instruction = try parser.parse(text)
            switch instruction {
            case .from(let from): stages.append(Stage(from: from, instructions: []))
            case .arg(let arg) where stages.isEmpty: arguments.append(arg)
            default:
                guard !stages.isEmpty else {
                    throw file.error(
                        "\(instruction.header.name) stands before the first FROM",
                        at: instruction.header.keyword.span,
                        advice: "only ARG may"
                    )
                }
                stages[stages.count - 1].instructions.append(instruction)
            }
        }
        globalArguments = arguments
        self.stages = stages
        emptyContinuations = raw.compactMap(\.emptyContinuation)
        if raw.isEmpty {
            throw DockerfileError("\(fileName) has no instructions", advice: "start with FROM IMAGE")
        }
        if stages.isEmpty {
            throw DockerfileError("\(fileName) has no stage to build", advice: "add a FROM instruction")
        }
    }

    /// docker's own frontend, if the file asks for it.
    private static func plainFrontend(_ syntax: String?, allowsExtensions: Bool) -> String? {
        guard let syntax else { return allowsExtensions ? nil : "docker's Dockerfile" }
        let name = syntax.split(separator: " ").first.map(String.init) ?? syntax
        var path = name[...]
        for prefix in ["docker.io/", "index.docker.io/"] where path.hasPrefix(prefix) {
            path = path.dropFirst(prefix.count)
        }
        let isDockers = ["docker/dockerfile", "docker/dockerfile-upstream"].contains {
            path == $0 || path.hasPrefix($0 + ":") || path.hasPrefix($0 + "@")
        }
        return isDockers ? name : nil
    }
}
