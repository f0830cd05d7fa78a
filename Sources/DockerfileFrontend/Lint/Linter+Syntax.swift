// SPDX-License-Identifier: Apache-2.0

extension Linter {
    /// The rules that need the file alone.
    mutating func check(_ dockerfile: Dockerfile) {
        for line in dockerfile.emptyContinuations {
            warn(.noEmptyContinuation, "Empty continuation line", at: Span(line: line, column: 0, length: 1))
        }
        checkCasing(dockerfile)
        var names: Set<String> = []
        for argument in dockerfile.globalArguments { checkDescription(argument) }
        for stage in dockerfile.stages {
            checkFrom(stage.from)
            if let name = stage.name, let written = stage.from.name {
                if name == "context" || name == "scratch" {
                    warn(
                        .reservedStageName,
                        "Stage name should not use the same name as reserved stage \(GoText.quoted(name))",
                        about: stage.from.header,
                        at: written.span
                    )
                }
                if !names.insert(name).inserted {
                    warn(
                        .duplicateStageName,
                        "Duplicate stage name \(GoText.quoted(name)), stage names should be unique",
                        about: stage.from.header,
                        at: written.span
                    )
                }
            }
            for instruction in stage.instructions { check(instruction) }
        }
    }

    private mutating func check(_ instruction: Instruction) {
        switch instruction {
        case .maintainer(let value):
            warn(
                .maintainerDeprecated,
                "Maintainer instruction is deprecated in favor of using label",
                about: value.header
            )
        case .arg(let value): checkDescription(value)
        default: break
        }
    }

    private mutating func checkFrom(_ from: FromInstruction) {
        guard let name = from.name, let keyword = from.asKeyword else { return }
        if name.text != name.text.lowercased() {
            warn(.stageNameCasing, "Stage name '\(name.text)' should be lowercase", about: from.header, at: name.span)
        }
        let word = from.header.keyword.text
        let isLower = word == word.lowercased()
        if isLower || word == word.uppercased(),
            keyword.text != (isLower ? keyword.text.lowercased() : keyword.text.uppercased())
        {
            warn(
                .fromAsCasing,
                "'\(keyword.text)' and '\(word)' keywords' casing do not match",
                about: from.header,
                at: keyword.span
            )
        }
        checkDescription(from.header, "FROM", [name.text.lowercased()])
    }

    private mutating func checkDescription(_ arg: ArgInstruction) {
        checkDescription(arg.header, "ARG", arg.arguments.map(\.name.text))
    }

    private mutating func checkDescription(_ header: InstructionHeader, _ what: String, _ names: [String]) {
        let before = header.comments.filter { $0.line < header.lines.lowerBound }
        guard let last = before.last, let word = last.text.split(separator: " ").first, !names.contains(String(word))
        else { return }
        let example = names.count > 1 ? "<arg_key>" : names.first ?? ""
        warn(
            .invalidDefinitionDescription,
            "Comment for \(what) should follow the format: `# \(example) <description>`",
            about: header
        )
    }

    private mutating func checkCasing(_ dockerfile: Dockerfile) {
        let headers = dockerfile.stages.flatMap { [$0.from.header] + $0.instructions.map(\.header) }
        var balance = 0
        for header in headers {
            let word = header.keyword.text
            if word == word.lowercased() { balance += 1 } else if word == word.uppercased() { balance -= 1 }
        }
        let wantsLower = balance > 0
        for header in headers {
            let word = header.keyword.text
            if word == (wantsLower ? word.lowercased() : word.uppercased()) { continue }
            let casing = wantsLower ? "lowercase" : "uppercase"
            warn(
                .consistentInstructionCasing,
                "Command '\(word)' should match the case of the command majority (\(casing))",
                about: header
            )
        }
    }
}
