// SPDX-License-Identifier: Apache-2.0

/// One instruction's text: its joined line, its heredocs and the comments before it.
struct RawInstruction: Sendable {
    var line: LogicalLine
    var comments: [Comment]
    var heredocs: [Heredoc] = []
    /// The last line, heredocs included.
    var lastLine: Int
    /// The first empty line within the continuation.
    var emptyContinuation: Int?
}

/// Cuts a file into instructions: comments, continuations, heredocs.
///
/// Source: BuildKit, `frontend/dockerfile/parser/parser.go`, `Parse`.
struct LineReader {
    let file: SourceFile
    let directives: Directives
    private var number: Int

    init(_ file: SourceFile) throws(DockerfileError) {
        self.file = file
        (directives, number) = try Directives.read(file)
    }

    /// Every instruction of the file.
    mutating func all() throws(DockerfileError) -> [RawInstruction] {
        var result: [RawInstruction] = []
        var comments: [Comment] = []
        while number <= file.lineCount {
            let line = file.lineBytes(number)
            let start = line.trimmingStart
            if start.isEmpty {
                number += 1
            } else if start.first == UInt8(ascii: "#") {
                let text = start.dropFirst().trimmed.text
                if text.isEmpty { comments = [] } else { comments.append(Comment(text: text, line: number)) }
                number += 1
            } else {
                result.append(try instruction(comments: comments))
                comments = []
            }
        }
        return result
    }

    private mutating func instruction(comments: [Comment]) throws(DockerfileError) -> RawInstruction {
        var line = LogicalLine(firstLine: number)
        var comments = comments
        var emptyLine: Int?
        var part = file.lineBytes(number).trimmingStart
        var goesOn = takeContinuation(&part)
        line.append(part, line: number, column: part.startIndex - file.lineBytes(number).startIndex)
        number += 1
        while goesOn, number <= file.lineCount {
            part = file.lineBytes(number)
            let start = part.trimmingStart
            if start.first == UInt8(ascii: "#") {
                comments.append(Comment(text: start.dropFirst().trimmed.text, line: number))
                line.cover(number)
            } else if start.isEmpty {
                emptyLine = emptyLine ?? number
                line.cover(number)
            } else {
                goesOn = takeContinuation(&part)
                line.append(part, line: number, column: 0)
            }
            number += 1
        }
        var result = RawInstruction(line: line, comments: comments, lastLine: number - 1, emptyContinuation: emptyLine)
        if mayHoldHeredoc(line) { try readHeredocs(&result) }
        return result
    }

    /// Removes an escape at the end of the line, and says whether there was one.
    ///
    /// An escape that is itself escaped continues nothing; white space after it does not matter.
    private func takeContinuation(_ part: inout ArraySlice<UInt8>) -> Bool {
        var rest = part
        while let last = rest.last, last == 0x20 || last == 0x09 { rest.removeLast() }
        guard rest.last == directives.escape else { return false }
        rest.removeLast()
        if rest.last == directives.escape { return false }
        part = rest
        return true
    }

    private func mayHoldHeredoc(_ line: LogicalLine) -> Bool {
        var bytes = line.bytes[...].trimmingStart
        func take() -> String {
            let word = bytes.prefix { !$0.isBlank }
            bytes = bytes[word.endIndex...].trimmingStart
            return word.text.lowercased()
        }
        var name = take()
        if name == "onbuild" { name = take() }
        guard name == "run" || name == "copy" || name == "add" else { return false }
        // The JSON form is words and nothing else. Flags may stand before it.
        while bytes.starts(with: "--".utf8) { _ = take() }
        return bytes.first != UInt8(ascii: "[") || JSONList.parse(bytes) == nil
    }

    private mutating func readHeredocs(_ instruction: inout RawInstruction) throws(DockerfileError) {
        for var heredoc in Heredoc.all(in: instruction.line) {
            heredoc.firstLine = number
            let terminator = Array(heredoc.name.utf8)
            var content: [UInt8] = []
            var found = false
            while number <= file.lineCount, !found {
                var line = file.lineBytes(number)
                if heredoc.chomps { line = line.drop { $0 == 0x09 } }
                found = line.elementsEqual(terminator)
                if !found { content.append(contentsOf: file.rawLine(number)) }
                number += 1
            }
            guard found else {
                throw file.error(
                    "the heredoc '\(heredoc.name)' has no end",
                    at: heredoc.span,
                    advice: "close it with a line that holds \(heredoc.name) alone"
                )
            }
            heredoc.content = content.text
            instruction.heredocs.append(heredoc)
        }
        instruction.lastLine = number - 1
    }
}
