// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// Parses one JSON text (RFC 8259), nested at most 512 deep.
    ///
    /// - Throws: `JSONError` with the byte offset of what is wrong: no JSON, not UTF-8, a key that stands twice, too
    ///   deep, or something after the end.
    public init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
        var parser = JSONParser(bytes: Array(bytes))
        self = try parser.document()
    }

    /// Parses one JSON text, as the function above.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }

    /// Parses the UTF-8 of `text`.
    public init(parsing text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }
}

/// Why bytes are no JSON text, and where.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public let reason: String
    /// Where, in bytes from the start.
    public let offset: Int

    /// One sentence.
    public var description: String { "not valid JSON at byte \(offset): \(reason)" }
}

private struct JSONParser {
    let bytes: [UInt8]
    var at = 0
    var depth = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    private func fail(_ reason: String) -> JSONError { JSONError(reason: reason, offset: at) }

    private var current: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while let unit = current, unit == 0x20 || unit == 0x0A || unit == 0x0D || unit == 0x09 { at += 1 }
    }

    mutating func document() throws(JSONError) -> JSONValue {
        let result = try value()
        skipSpace()
        guard at == bytes.count else { throw fail("something follows the value") }
        return result
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        skipSpace()
        guard let unit = current else { throw fail("the text ends early") }
        switch unit {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .boolean(true))
        case UInt8(ascii: "f"): return try literal("false", .boolean(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func literal(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
        guard bytes[at...].starts(with: word.utf8) else { throw fail("no value starts like this") }
        at += word.utf8.count
        return value
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        guard depth <= 512 else { throw fail("nested more than 512 deep") }
        at += 1
        skipSpace()
    }

    private mutating func object() throws(JSONError) -> JSONValue {
        try enter()
        var members: [String: JSONValue] = [:]
        if current == UInt8(ascii: "}") {
            at += 1
            depth -= 1
            return .object(members)
        }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw fail("a key was expected") }
            let key = try string()
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw fail("':' was expected") }
            at += 1
            let member = try value()
            guard members.updateValue(member, forKey: key) == nil else { throw fail("the key '\(key)' stands twice") }
            if try closes(with: UInt8(ascii: "}")) { return .object(members) }
        }
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        try enter()
        var elements: [JSONValue] = []
        if current == UInt8(ascii: "]") {
            at += 1
            depth -= 1
            return .array(elements)
        }
        while true {
            elements.append(try value())
            if try closes(with: UInt8(ascii: "]")) { return .array(elements) }
        }
    }

    private mutating func closes(with end: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        guard let unit = current, unit == end || unit == UInt8(ascii: ",") else {
            throw fail("',' or the end was expected")
        }
        at += 1
        if unit == end { depth -= 1 }
        return unit == end
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = at
        if current == UInt8(ascii: "-") { at += 1 }
        let digitsStart = at
        skipDigits()
        guard at > digitsStart, bytes[digitsStart] != UInt8(ascii: "0") || at == digitsStart + 1 else {
            throw fail("no value starts like this")
        }
        var whole = true
        if current == UInt8(ascii: ".") {
            whole = false
            at += 1
            try requireDigits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            whole = false
            at += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { at += 1 }
            try requireDigits()
        }
        let spelling = String(decoding: bytes[start..<at], as: UTF8.self)
        if whole, spelling != "-0", let value = Int64(spelling) { return .integer(value) }
        return .number(spelling)
    }

    private mutating func skipDigits() {
        while let unit = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(unit) { at += 1 }
    }

    private mutating func requireDigits() throws(JSONError) {
        let start = at
        skipDigits()
        guard at > start else { throw fail("a digit was expected") }
    }

    private mutating func string() throws(JSONError) -> String {
        at += 1
        if let plain = try plainString() { return plain }
        var out: [UInt8] = []
        while let unit = current {
            switch unit {
            case UInt8(ascii: "\""):
                at += 1
                guard let text = String(validating: out, as: UTF8.self) else { throw fail("a string is not UTF-8") }
                return text
            case UInt8(ascii: "\\"):
                at += 1
                try escape(into: &out)
            case 0..<0x20: throw fail("a control character stands in a string unescaped")
            default:
                out.append(unit)
                at += 1
            }
        }
        throw fail("a string does not end")
    }

    /// A string without escapes, taken whole; `nil`, and nothing read, for any other.
    private mutating func plainString() throws(JSONError) -> String? {
        var end = at
        while end < bytes.count, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\"), bytes[end] >= 0x20
        {
            end += 1
        }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return nil }
        guard let text = String(validating: bytes[at..<end], as: UTF8.self) else { throw fail("a string is not UTF-8") }
        at = end + 1
        return text
    }

    private mutating func escape(into out: inout [UInt8]) throws(JSONError) {
        guard let unit = current else { throw fail("a string does not end") }
        at += 1
        switch unit {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(unit)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0C)
        case UInt8(ascii: "n"): out.append(0x0A)
        case UInt8(ascii: "r"): out.append(0x0D)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "u"):
            var scalar = try hexUnit()
            if (0xD800..<0xDC00).contains(scalar), current == UInt8(ascii: "\\"), at + 1 < bytes.count,
                bytes[at + 1] == UInt8(ascii: "u")
            {
                at += 2
                let low = try hexUnit()
                guard (0xDC00..<0xE000).contains(low) else { throw fail("half of a surrogate pair stands alone") }
                scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let valid = Unicode.Scalar(scalar) else { throw fail("half of a surrogate pair stands alone") }
            out.append(contentsOf: String(Character(valid)).utf8)
        default: throw fail("an unknown escape")
        }
    }

    private mutating func hexUnit() throws(JSONError) -> UInt32 {
        guard at + 4 <= bytes.count, bytes[at..<at + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let value = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
        else { throw fail("four hexadecimal digits were expected") }
        at += 4
        return value
    }
}
