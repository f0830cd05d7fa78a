// SPDX-License-Identifier: Apache-2.0

extension InstructionParser {
    func from(_ header: InstructionHeader, _ text: ArgumentText, _ flags: inout FlagReader) throws(DockerfileError)
        -> FromInstruction
    {
        let platform = try flags.word("platform")
        try flags.finish()
        let words = text.blankWords
        guard words.count == 1 || words.count == 3 else {
            let place = words.count > 1 ? words[1].span : text.end
            throw file.error(
                "FROM requires either one or three arguments",
                at: place,
                advice: "write FROM IMAGE [AS NAME]"
            )
        }
        var result = FromInstruction(header: header, base: words[0], platform: platform)
        guard words.count == 3 else { return result }
        guard words[1].text.lowercased() == "as" else {
            throw file.error(
                "AS is expected here, not '\(words[1].text)'",
                at: words[1].span,
                advice: "write FROM IMAGE AS NAME"
            )
        }
        guard Self.isStageName(words[2].text.lowercased()) else {
            throw file.error(
                "'\(words[2].text)' can't name a stage",
                at: words[2].span,
                advice: "start with a letter, go on with letters, digits, - _ or ."
            )
        }
        result.asKeyword = words[1]
        result.name = words[2]
        return result
    }

    private static func isStageName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (0x61...0x7A).contains(first) else { return false }
        return name.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || "-_.".utf8.contains($0)
        }
    }

    /// Source: BuildKit, `line_parsers.go`, `parseNameVal`: the first word decides whether it is the old form.
    func assignments(_ header: InstructionHeader, _ text: ArgumentText, _ flags: FlagReader) throws(DockerfileError)
        -> [Assignment]
    {
        let words = try some(header, text.quotedWords, text, flags)
        guard words[0].text.contains("=") else { return [try legacyAssignment(header, text)] }
        var result: [Assignment] = []
        for word in words {
            guard let equals = word.text.utf8.firstIndex(of: UInt8(ascii: "=")) else {
                throw file.error(
                    "'\(word.text)' has no '='",
                    at: word.span,
                    advice: "write \(header.name) NAME=VALUE, with quotes around white space"
                )
            }
            guard equals > word.text.startIndex else {
                throw file.error("\(header.name) names can not be blank", at: word.span)
            }
            let offset = word.text.utf8.distance(from: word.text.startIndex, to: equals)
            var key = Word(text: String(word.text[..<equals]), span: word.span)
            var value = Word(text: String(word.text[word.text.utf8.index(after: equals)...]), span: word.span)
            key.span.length = offset
            value.span.column += min(offset + 1, max(0, word.span.length - 1))
            value.span.length = max(1, word.span.length - offset - 1)
            result.append(Assignment(key: key, value: value, isLegacy: false))
        }
        return result
    }

    private func legacyAssignment(_ header: InstructionHeader, _ text: ArgumentText) throws(DockerfileError)
        -> Assignment
    {
        let key = text.bytes.prefix { !$0.isBlank }
        let rest = text.bytes[key.endIndex...].drop { $0.isBlank }
        guard !rest.isEmpty else {
            throw file.error(
                "\(header.name) must have two arguments",
                at: text.span,
                advice: "write \(header.name) NAME=VALUE"
            )
        }
        return Assignment(
            key: text.line.word(key.startIndex..<key.endIndex),
            value: text.line.word(rest.startIndex..<rest.endIndex),
            isLegacy: true
        )
    }

    func arg(_ header: InstructionHeader, _ text: ArgumentText, _ flags: FlagReader) throws(DockerfileError)
        -> ArgInstruction
    {
        var arguments: [ArgInstruction.Argument] = []
        for word in try some(header, text.quotedWords, text, flags) {
            guard let equals = word.text.utf8.firstIndex(of: UInt8(ascii: "=")) else {
                arguments.append(ArgInstruction.Argument(name: word, value: nil))
                continue
            }
            guard equals > word.text.startIndex else { throw file.error("ARG names can not be blank", at: word.span) }
            let value = String(word.text[word.text.utf8.index(after: equals)...])
            arguments.append(
                ArgInstruction.Argument(
                    name: Word(text: String(word.text[..<equals]), span: word.span),
                    value: Word(text: value, span: word.span)
                )
            )
        }
        return ArgInstruction(header: header, arguments: arguments)
    }

    func volume(_ header: InstructionHeader, _ text: ArgumentText, _ flags: FlagReader) throws(DockerfileError)
        -> VolumeInstruction
    {
        let words = try some(header, try list(text), text, flags)
        for word in words where word.text.utf8.allSatisfy(\.isSpace) {
            throw file.error("VOLUME can not be an empty string", at: word.span)
        }
        return VolumeInstruction(
            header: header,
            paths: words.map { Word(text: Array($0.text.utf8)[...].trimmed.text, span: $0.span) }
        )
    }

    func shell(_ header: InstructionHeader, _ text: ArgumentText, _ flags: FlagReader) throws(DockerfileError)
        -> ShellInstruction
    {
        let command = try commandLine(text)
        try flags.finish()
        guard !command.arguments.isEmpty else {
            throw file.error("SHELL requires at least one argument", at: text.end)
        }
        guard command.isExec else {
            throw file.error(
                "SHELL requires the arguments to be in JSON form",
                at: text.span,
                advice: "write SHELL [\"/bin/sh\", \"-c\"]"
            )
        }
        return ShellInstruction(header: header, shell: command.arguments)
    }

    func healthcheck(_ header: InstructionHeader, _ text: ArgumentText, _ flags: inout FlagReader)
        throws(DockerfileError) -> HealthcheckInstruction
    {
        var result = HealthcheckInstruction(header: header)
        result.interval = try interval("interval", &flags)
        result.timeout = try interval("timeout", &flags)
        result.startPeriod = try interval("start-period", &flags)
        result.startInterval = try interval("start-interval", &flags)
        if let retries = try flags.word("retries"), !retries.text.isEmpty {
            guard let count = Int32(retries.text), count >= 0 else {
                throw file.error("--retries is a number from 0 on, not '\(retries.text)'", at: retries.span)
            }
            result.retries = Int64(count)
        }
        try flags.finish()
        let kind = text.bytes.prefix { !$0.isSpace }
        let rest = ArgumentText(line: text.line, from: kind.endIndex, escape: escape)
        switch kind.text.uppercased() {
        case "":
            throw file.error("HEALTHCHECK requires at least one argument", at: text.end, advice: "write CMD or NONE")
        case "NONE":
            guard rest.isEmpty else { throw file.error("HEALTHCHECK NONE takes no arguments", at: rest.span) }
        case "CMD":
            let command = try commandLine(rest)
            guard !command.arguments.isEmpty else {
                throw file.error("a command is missing after HEALTHCHECK CMD", at: rest.end)
            }
            result.command = command
        default:
            throw file.error(
                "HEALTHCHECK has no type '\(kind.text)'",
                at: text.line.span(kind.startIndex..<kind.endIndex),
                advice: Suggestion.advice(kind.text, in: ["CMD", "NONE"], ignoringCase: true) ?? "write CMD or NONE"
            )
        }
        return result
    }

    private func interval(_ name: String, _ flags: inout FlagReader) throws(DockerfileError) -> Int64 {
        guard let word = try flags.word(name), !word.text.isEmpty else { return 0 }
        guard let duration = GoText.duration(word.text) else {
            throw file.error(
                "'\(word.text)' is no duration",
                at: word.span,
                advice: "write a number with ms, s, m or h"
            )
        }
        guard duration == 0 || duration >= 1_000_000 else {
            throw file.error("--\(name) can't be less than 1ms", at: word.span)
        }
        return duration
    }

    /// Source: BuildKit, `instructions/parse.go`, `parseOnBuild`.
    func onbuild(_ header: InstructionHeader, _ text: ArgumentText, _ flags: FlagReader, _ raw: RawInstruction)
        throws(DockerfileError) -> OnbuildInstruction
    {
        _ = try some(header, text.blankWords, text, flags)
        var trigger = text.text
        for heredoc in header.heredocs { trigger += "\n" + heredoc.content + heredoc.name }
        let inner = try parse(raw, from: text.range.lowerBound, within: "ONBUILD")
        return OnbuildInstruction(header: header, trigger: trigger, instruction: [inner])
    }

    func importing(_ header: InstructionHeader, _ text: ArgumentText, _ flags: inout FlagReader)
        throws(DockerfileError) -> ImportInstruction
    {
        try refuseExtension(header)
        let prefix = try flags.word("env-prefix")
        let words = try some(header, text.blankWords, text, flags)
        guard words.count == 1 else {
            throw file.error(
                "IMPORT requires exactly one argument",
                at: words[1].span,
                advice: "write IMPORT STAGE or IMPORT IMAGE"
            )
        }
        return ImportInstruction(header: header, from: words[0], environmentPrefix: prefix)
    }

    func export(_ header: InstructionHeader, _ text: ArgumentText, _ flags: FlagReader, _ raw: RawInstruction)
        throws(DockerfileError) -> ExportInstruction
    {
        try refuseExtension(header)
        let words = try some(header, text.blankWords, text, flags)
        if words[0].text.uppercased() == "DIFF" {
            if words.count > 1 { throw file.error("EXPORT DIFF takes no arguments", at: words[1].span) }
            return ExportInstruction(header: header, item: .diff)
        }
        switch try parse(raw, from: text.range.lowerBound, within: "EXPORT") {
        case .copy(let copy):
            if let from = copy.from {
                throw file.error("EXPORT COPY takes from its own stage", at: from.span, advice: "leave --from out")
            }
            if let document = copy.files.documents.first {
                throw file.error(
                    "EXPORT COPY can't give a heredoc",
                    at: document.span,
                    advice: "COPY it into the stage first"
                )
            }
            return ExportInstruction(header: header, item: .copy(copy))
        case .env(let env): return ExportInstruction(header: header, item: .env(env))
        case .label(let label): return ExportInstruction(header: header, item: .label(label))
        default: throw file.error("this can't be exported", at: words[0].span)
        }
    }

    private func refuseExtension(_ header: InstructionHeader) throws(DockerfileError) {
        guard let plainFrontend else { return }
        throw file.error(
            "\(header.name) is no instruction of \(plainFrontend)",
            at: header.keyword.span,
            advice: "remove the '# syntax=' line to use reel's own language"
        )
    }
}
