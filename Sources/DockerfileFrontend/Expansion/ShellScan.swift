// SPDX-License-Identifier: Apache-2.0

/// One pass of a `ShellLexer` over a word.
struct ShellScan {
    let lexer: ShellLexer
    let bytes: [UInt8]
    let lookup: (String) -> String?
    var at = 0
    private(set) var matched: [String] = []
    private(set) var unmatched: [String] = []

    /// How deep `${a:-${b:-…}}` may nest.
    static let maximumDepth = 100

    init(lexer: ShellLexer, bytes: [UInt8], lookup: @escaping (String) -> String?) {
        self.lexer = lexer
        self.bytes = bytes
        self.lookup = lookup
    }

    var current: UInt8? { at < bytes.count ? bytes[at] : nil }

    mutating func next() -> UInt8? {
        guard at < bytes.count else { return nil }
        at += 1
        return bytes[at - 1]
    }

    func fail(_ message: String, at offset: Int? = nil) -> ExpansionError {
        ExpansionError(message: message, offset: offset ?? max(0, min(at, bytes.count) - 1))
    }

    /// The value of a variable, noted as used or as missing.
    mutating func value(of name: String) -> String? {
        guard let value = lookup(name) else {
            if !unmatched.contains(name) { unmatched.append(name) }
            return nil
        }
        if !matched.contains(name) { matched.append(name) }
        return value
    }

    /// Scans to the end, or to `stop`, which is taken.
    mutating func run(until stop: UInt8?, raw: Bool, depth: Int, into output: inout WordOutput) throws(ExpansionError) {
        guard depth <= Self.maximumDepth else { throw fail("substitutions are nested too deep") }
        while let byte = current {
            if byte == stop {
                at += 1
                return
            }
            switch byte {
            case UInt8(ascii: "$"): output.add(try dollar(raw: raw, depth: depth).utf8)
            case UInt8(ascii: "'") where !lexer.ignoresQuotes: output.addRaw(try singleQuoted())
            case UInt8(ascii: "\"") where !lexer.ignoresQuotes: output.addRaw(try doubleQuoted(raw: raw, depth: depth))
            case UInt8(ascii: "<"): output.addRaw(possibleHeredoc())
            case lexer.escape:
                at += 1
                if raw { output.addRaw(byte) }
                // An escape at the end of the word is nothing.
                if let escaped = next() { addScalar(startingWith: escaped, to: &output) }
            default:
                at += 1
                output.add(byte)
            }
        }
        if let stop { throw fail("'\(UnicodeScalar(stop))' is missing at the end of the substitution") }
    }

    /// Adds a byte and, where it starts a longer character, the rest of that.
    private mutating func addScalar(startingWith byte: UInt8, to output: inout WordOutput) {
        output.addRaw(byte)
        guard byte >= 0xC0 else { return }
        while let more = current, more & 0xC0 == 0x80 {
            output.addRaw(more)
            at += 1
        }
    }

    private mutating func singleQuoted() throws(ExpansionError) -> [UInt8] {
        let start = at
        at += 1
        guard let end = bytes[at...].firstIndex(of: UInt8(ascii: "'")) else {
            throw fail("a single quote is not closed", at: start)
        }
        defer { at = end + 1 }
        return Array(lexer.keepsQuotes ? bytes[start...end] : bytes[at..<end])
    }

    private mutating func doubleQuoted(raw: Bool, depth: Int) throws(ExpansionError) -> [UInt8] {
        let start = at
        var result: [UInt8] = []
        at += 1
        if lexer.keepsQuotes { result.append(UInt8(ascii: "\"")) }
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                at += 1
                if lexer.keepsQuotes { result.append(byte) }
                return result
            case UInt8(ascii: "$"): result.append(contentsOf: try dollar(raw: raw, depth: depth).utf8)
            case lexer.escape:
                at += 1
                if raw { result.append(byte) }
                guard let escaped = current else { break }
                // Only these are escaped; before anything else the escape is a character.
                if escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "$") || escaped == lexer.escape {
                    at += 1
                    result.append(escaped)
                } else if !raw {
                    result.append(byte)
                }
            default:
                at += 1
                result.append(byte)
            }
        }
        throw fail("a double quote is not closed", at: start)
    }

    /// `<<` and the white space after it belong to one word.
    private mutating func possibleHeredoc() -> ArraySlice<UInt8> {
        let start = at
        at += 1
        guard current == UInt8(ascii: "<") else { return bytes[start..<at] }
        at += 1
        while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0D { at += 1 }
        return bytes[start..<at]
    }

    /// A name at this place: letters, digits and `_`; or digits alone; or one special parameter.
    mutating func name() -> String {
        let start = at
        guard let first = current else { return "" }
        if (0x30...0x39).contains(first) {
            while let byte = current, (0x30...0x39).contains(byte) { at += 1 }
        } else if "@*#?-$!".utf8.contains(first) {
            at += 1
        } else {
            while let length = nameScalarLength() { at += length }
        }
        return bytes[start..<at].text
    }

    private func nameScalarLength() -> Int? {
        guard let byte = current else { return nil }
        if byte < 0x80 {
            let isName = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            return isName || byte == UInt8(ascii: "_") ? 1 : nil
        }
        let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
        let scalar = bytes[at..<min(at + length, bytes.count)].text.unicodeScalars.first
        switch scalar?.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber:
            return length
        default: return nil
        }
    }
}
