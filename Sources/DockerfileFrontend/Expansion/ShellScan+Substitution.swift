// SPDX-License-Identifier: Apache-2.0

extension ShellScan {
    /// `$name` or `${…}`.
    mutating func dollar(raw: Bool, depth: Int) throws(ExpansionError) -> String {
        let start = at
        at += 1
        guard current == UInt8(ascii: "{") else {
            let name = name()
            if name.isEmpty { return "$" }
            return value(of: name) ?? (lexer.keepsUnset ? "$\(name)" : "")
        }
        at += 1
        switch current {
        case nil: throw fail("'}' is missing", at: start)
        case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ":"): throw fail("bad substitution", at: start)
        default: break
        }
        let name = name()
        guard let modifier = next(), modifier != 0x0A else { throw fail("'}' is missing", at: start) }
        switch modifier {
        case UInt8(ascii: "}"): return value(of: name) ?? (lexer.keepsUnset ? "${\(name)}" : "")
        case UInt8(ascii: "/"): return try replacement(name, start: start, depth: depth)
        case UInt8(ascii: ":"):
            guard let next = next() else { throw fail("'}' is missing", at: start) }
            guard "+-?".utf8.contains(next) else { throw unsupported(":\(UnicodeScalar(next))", at: start) }
            return try conditional(name, next, emptyIsUnset: true, start: start, depth: depth)
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "?"):
            return try conditional(name, modifier, emptyIsUnset: false, start: start, depth: depth)
        case UInt8(ascii: "#"), UInt8(ascii: "%"): return try trimming(name, modifier, start: start, depth: depth)
        default: throw unsupported("\(UnicodeScalar(modifier))", at: start)
        }
    }

    private func unsupported(_ modifier: String, at start: Int) -> ExpansionError {
        fail("'\(modifier)' is no modifier of a substitution; there are :- :+ :? - + ? # ## % %% / //", at: start)
    }

    /// Scans to `stop` and gives what stands before it, expanded.
    private mutating func argument(until stop: UnicodeScalar, raw: Bool, depth: Int, start: Int) throws(ExpansionError)
        -> String
    {
        var output = WordOutput(splitting: false)
        do {
            try run(until: UInt8(ascii: stop), raw: raw, depth: depth + 1, into: &output)
        } catch {
            throw at >= bytes.count && depth <= Self.maximumDepth ? fail("'\(stop)' is missing", at: start) : error
        }
        return output.whole.text
    }

    /// `${name-word}`, `${name+word}`, `${name?message}` and the same with a colon.
    private mutating func conditional(
        _ name: String,
        _ modifier: UInt8,
        emptyIsUnset: Bool,
        start: Int,
        depth: Int
    ) throws(ExpansionError) -> String {
        let word = try argument(until: "}", raw: false, depth: depth, start: start)
        let value = value(of: name)
        if value == nil, lexer.keepsUnset {
            return "${\(name)\(emptyIsUnset ? ":" : "")\(UnicodeScalar(modifier))\(word)}"
        }
        let counts = value.map { !emptyIsUnset || !$0.isEmpty } ?? false
        switch modifier {
        case UInt8(ascii: "-"): return counts ? value ?? "" : word
        case UInt8(ascii: "+"): return counts ? word : ""
        default:
            if counts { return value ?? "" }
            let standard = value == nil ? "is not allowed to be unset" : "is not allowed to be empty"
            throw fail("\(name): \(word.isEmpty ? standard : word)", at: start)
        }
    }

    /// `${name#pattern}`, `##`, `%`, `%%`.
    private mutating func trimming(_ name: String, _ modifier: UInt8, start: Int, depth: Int) throws(ExpansionError)
        -> String
    {
        var text = try argument(until: "}", raw: true, depth: depth, start: start)
        let value = value(of: name)
        let mark = String(UnicodeScalar(modifier))
        if value == nil, lexer.keepsUnset { return "${\(name)\(mark)\(text)}" }
        let longest = text.hasPrefix(mark)
        if longest { text.removeFirst() }
        let pattern = try pattern(text, start: start)
        let scalars = Array((value ?? "").unicodeScalars)
        guard modifier == UInt8(ascii: "#") else {
            let end = pattern.reversed.end(in: scalars.reversed(), from: 0, longest: longest) ?? 0
            return ShellPattern.text(scalars[..<(scalars.count - end)])
        }
        return ShellPattern.text(scalars[(pattern.end(in: scalars, from: 0, longest: longest) ?? 0)...])
    }

    /// `${name/pattern/replacement}` and `${name//pattern/replacement}`.
    private mutating func replacement(_ name: String, start: Int, depth: Int) throws(ExpansionError) -> String {
        let everywhere = current == UInt8(ascii: "/")
        if everywhere { at += 1 }
        let text = try argument(until: "/", raw: true, depth: depth, start: start)
        let new = try argument(until: "}", raw: true, depth: depth, start: start)
        let value = value(of: name)
        if value == nil, lexer.keepsUnset { return "${\(name)\(everywhere ? "//" : "/")\(text)/\(new)}" }
        let pattern = try pattern(text, start: start)
        return pattern.replacing(in: value ?? "", with: new, everywhere: everywhere)
    }

    private func pattern(_ text: String, start: Int) throws(ExpansionError) -> ShellPattern {
        guard let pattern = ShellPattern(text) else {
            throw fail("'\(text)' is no pattern: only * ? \\ can be escaped in it", at: start)
        }
        return pattern
    }
}
