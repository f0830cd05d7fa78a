// SPDX-License-Identifier: Apache-2.0

/// Turns the text of an instruction into its type.
///
/// Source: Dockerfile reference; BuildKit, `frontend/dockerfile/parser` and `frontend/dockerfile/instructions`.
struct InstructionParser {
    let file: SourceFile
    let escape: UInt8
    /// The frontend that the file asks for, if it is docker's own, in which IMPORT and EXPORT don't exist.
    var plainFrontend: String?

    /// Reads one instruction.
    func parse(_ raw: RawInstruction) throws(DockerfileError) -> Instruction {
        try parse(raw, from: 0, within: nil)
    }

    /// Reads the instruction that starts at `offset` of the line, as part of ONBUILD or EXPORT where `outer` is given.
    func parse(_ raw: RawInstruction, from offset: Int, within outer: String?) throws(DockerfileError) -> Instruction {
        let line = raw.line
        var start = min(offset, line.bytes.count)
        while start < line.bytes.count, line.bytes[start].isSpace { start += 1 }
        var end = start
        while end < line.bytes.count, !line.bytes[end].isBlank { end += 1 }
        let keyword = line.word(start..<end)
        guard end > start else { throw file.error("an instruction is missing", at: keyword.span) }
        var scanner = FlagScanner(line: line, escape: escape, at: end)
        let flags = scanner.all()
        let header = InstructionHeader(
            keyword: keyword,
            code: line.bytes[start...].trimmed.text,
            lines: line.firstLine...max(line.firstLine, raw.lastLine),
            comments: raw.comments,
            flags: flags,
            heredocs: raw.heredocs
        )
        let arguments = ArgumentText(line: line, from: scanner.at, escape: escape)
        var reader = FlagReader(flags, instruction: header.name, file: file)
        return try dispatch(header, arguments, &reader, raw, outer)
    }

    private func dispatch(
        _ header: InstructionHeader,
        _ text: ArgumentText,
        _ flags: inout FlagReader,
        _ raw: RawInstruction,
        _ outer: String?
    ) throws(DockerfileError) -> Instruction {
        if let outer { try checkNesting(header, within: outer) }
        switch header.name {
        case "FROM": return .from(try from(header, text, &flags))
        case "RUN": return .run(try run(header, text, &flags))
        case "COPY": return .copy(try copy(header, text, &flags))
        case "ADD": return .add(try add(header, text, &flags))
        case "ENV": return .env(EnvInstruction(header: header, variables: try assignments(header, text, flags)))
        case "LABEL": return .label(LabelInstruction(header: header, labels: try assignments(header, text, flags)))
        case "ARG": return .arg(try arg(header, text, flags))
        case "WORKDIR": return .workdir(WorkdirInstruction(header: header, path: try one(header, text, flags)))
        case "USER": return .user(UserInstruction(header: header, user: try one(header, text, flags)))
        case "CMD": return .cmd(CmdInstruction(header: header, command: try command(text, flags)))
        case "ENTRYPOINT":
            return .entrypoint(EntrypointInstruction(header: header, command: try command(text, flags)))
        case "EXPOSE":
            return .expose(ExposeInstruction(header: header, ports: try some(header, text.blankWords, text, flags)))
        case "VOLUME": return .volume(try volume(header, text, flags))
        case "SHELL": return .shell(try shell(header, text, flags))
        case "STOPSIGNAL":
            return .stopSignal(StopSignalInstruction(header: header, signal: try one(header, text, flags)))
        case "HEALTHCHECK": return .healthcheck(try healthcheck(header, text, &flags))
        case "ONBUILD": return .onbuild(try onbuild(header, text, flags, raw))
        case "MAINTAINER":
            return .maintainer(MaintainerInstruction(header: header, name: try one(header, text, flags).text))
        case "IMPORT": return .import(try importing(header, text, &flags))
        case "EXPORT": return .export(try export(header, text, flags, raw))
        default: throw unknown(header)
        }
    }

    private func unknown(_ header: InstructionHeader) -> DockerfileError {
        let names = plainFrontend == nil ? Instruction.names : Instruction.names.filter { !$0.hasSuffix("PORT") }
        return file.error(
            "unknown instruction: \(header.keyword.text)",
            at: header.keyword.span,
            advice: Suggestion.advice(header.keyword.text, in: names, ignoringCase: true)
        )
    }

    private func checkNesting(_ header: InstructionHeader, within outer: String) throws(DockerfileError) {
        let allowed: Bool
        switch outer {
        case "ONBUILD": allowed = !["ONBUILD", "FROM", "MAINTAINER"].contains(header.name)
        default: allowed = ["COPY", "ENV", "LABEL"].contains(header.name)
        }
        if allowed { return }
        if outer == "EXPORT" {
            throw file.error(
                "\(header.keyword.text) can't be exported",
                at: header.keyword.span,
                advice: Suggestion.advice(
                    header.keyword.text,
                    in: ["COPY", "ENV", "LABEL", "DIFF"],
                    ignoringCase: true
                )
                    ?? "there are EXPORT COPY, EXPORT ENV, EXPORT LABEL and EXPORT DIFF"
            )
        }
        throw file.error("\(header.name) isn't allowed as an ONBUILD trigger", at: header.keyword.span)
    }

    // MARK: Arguments

    /// Exactly one argument: the rest of the line.
    func one(_ header: InstructionHeader, _ text: ArgumentText, _ flags: FlagReader) throws(DockerfileError) -> Word {
        try flags.finish()
        guard !text.isEmpty else {
            throw file.error("\(header.name) requires exactly one argument", at: text.end)
        }
        return text.word
    }

    /// At least one argument.
    func some(_ header: InstructionHeader, _ words: [Word], _ text: ArgumentText, _ flags: FlagReader)
        throws(DockerfileError) -> [Word]
    {
        try flags.finish()
        guard !words.isEmpty else {
            throw file.error("\(header.name) requires at least one argument", at: text.end)
        }
        return words
    }

    /// Words in JSON form or between white space.
    func list(_ text: ArgumentText) throws(DockerfileError) -> [Word] {
        switch JSONList.parse(text.bytes) {
        case .strings(let strings): return strings.map { Word(text: $0, span: text.span) }
        case .notStrings: throw notStrings(text)
        case nil: return text.blankWords
        }
    }

    func notStrings(_ text: ArgumentText) -> DockerfileError {
        file.error("the JSON array must hold strings only", at: text.span, advice: "put each element in double quotes")
    }

    /// A command in either form.
    func commandLine(_ text: ArgumentText) throws(DockerfileError) -> CommandLine {
        switch JSONList.parse(text.bytes) {
        case .strings(let strings): return CommandLine(arguments: strings, isExec: true, span: text.span)
        case .notStrings: throw notStrings(text)
        case nil: return CommandLine(arguments: text.isEmpty ? [] : [text.text], isExec: false, span: text.span)
        }
    }

    private func command(_ text: ArgumentText, _ flags: FlagReader) throws(DockerfileError) -> CommandLine {
        try flags.finish()
        return try commandLine(text)
    }
}
