// SPDX-License-Identifier: Apache-2.0

/// A flag of an instruction, `--name` or `--name=value`.
struct Flag: Hashable, Sendable {
    /// Without the dashes.
    var name: String
    /// `nil` where there is no `=`. Quotes and escapes are gone; variables are not expanded.
    var value: Word?
    /// Where all of it stands.
    var span: Span
}

/// The flags of one instruction, taken by name; what is left over is a mistake.
///
/// Source: BuildKit, `frontend/dockerfile/instructions/bflag.go`.
struct FlagReader {
    let instruction: String
    let flags: [Flag]
    let file: SourceFile
    private var known: [String] = []

    init(_ flags: [Flag], instruction: String, file: SourceFile) {
        self.flags = flags
        self.instruction = instruction
        self.file = file
    }

    /// The value of a flag that may stand once.
    mutating func word(_ name: String) throws(DockerfileError) -> Word? {
        let found = try words(name)
        if found.count > 1, let second = flags.last(where: { $0.name == name }) {
            throw file.error("the flag --\(name) stands twice", at: second.span, advice: "keep one of them")
        }
        return found.first
    }

    /// The values of a flag that may stand often.
    mutating func words(_ name: String) throws(DockerfileError) -> [Word] {
        known.append(name)
        var result: [Word] = []
        for flag in flags where flag.name == name {
            guard let value = flag.value else {
                throw file.error("the flag --\(name) needs a value", at: flag.span, advice: "write --\(name)=VALUE")
            }
            result.append(value)
        }
        return result
    }

    /// A flag that is true or false; `nil` where it is absent.
    mutating func boolean(_ name: String) throws(DockerfileError) -> Bool? {
        known.append(name)
        var result: Bool?
        for flag in flags where flag.name == name {
            if result != nil {
                throw file.error("the flag --\(name) stands twice", at: flag.span, advice: "keep one of them")
            }
            switch flag.value?.text.lowercased() {
            case nil, "true": result = true
            case "false": result = false
            default:
                throw file.error(
                    "the flag --\(name) is true or false, not '\(flag.value?.text ?? "")'",
                    at: flag.value?.span ?? flag.span
                )
            }
        }
        return result
    }

    /// Refuses flags that were not asked for.
    func finish() throws(DockerfileError) {
        for flag in flags where !known.contains(flag.name) {
            let advice: String? =
                Suggestion.nearest(flag.name, in: known).map { "did you mean --\($0)?" }
                ?? (known.isEmpty ? "it has none" : "there are " + known.map { "--\($0)" }.joined(separator: ", "))
            throw file.error("\(instruction) has no flag --\(flag.name)", at: flag.span, advice: advice)
        }
    }
}

/// Cuts flags off the front of an instruction's arguments.
///
/// Source: BuildKit, `frontend/dockerfile/parser/split_command.go`.
struct FlagScanner {
    let line: LogicalLine
    let escape: UInt8
    var at: Int

    /// The flags from `at` on, which then is where the arguments start.
    mutating func all() -> [Flag] {
        var flags: [Flag] = []
        let bytes = line.bytes
        while true {
            while at < bytes.count, bytes[at].isSpace { at += 1 }
            guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "-"), bytes[at + 1] == UInt8(ascii: "-") else {
                return flags
            }
            let start = at
            var text: [UInt8] = []
            var equals: (text: Int, offset: Int)?
            var quote: UInt8?
            while at < bytes.count, quote != nil || !bytes[at].isSpace {
                let byte = bytes[at]
                if byte == quote {
                    quote = nil
                } else if quote == nil, byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                    quote = byte
                } else if byte == escape {
                    at += 1
                    if at < bytes.count { text.append(bytes[at]) }
                } else {
                    if byte == UInt8(ascii: "="), equals == nil { equals = (text.count, at) }
                    text.append(byte)
                }
                at += 1
            }
            at = min(at, bytes.count)
            if text.count == 2 { return flags }
            let whole = line.span(start..<at)
            guard let equals else {
                flags.append(Flag(name: text.dropFirst(2).text, value: nil, span: whole))
                continue
            }
            let value = Word(
                text: text[(equals.text + 1)...].text,
                span: line.span(min(equals.offset + 1, at)..<max(at, equals.offset + 1))
            )
            flags.append(Flag(name: text[..<equals.text].dropFirst(2).text, value: value, span: whole))
        }
    }
}
