// SPDX-License-Identifier: Apache-2.0

/// A JSON text as a value, with numbers kept exactly.
///
/// Source: RFC 8259. A number that is no 64-bit integer keeps its spelling, so that a foreign document survives a round
/// trip; the canonical form refuses it.
public enum JSONValue: Hashable, Sendable {
    /// The literal `null`.
    case null
    /// `true` or `false`.
    case boolean(Bool)
    /// A number without fraction or exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number, as it was spelt.
    case number(String)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object; a key stands once.
    case object([String: JSONValue])
}

extension JSONValue {
    /// The member `key` of an object; `nil` elsewhere.
    public subscript(key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// The text of a string; `nil` elsewhere.
    public var text: String? { if case .string(let text) = self { text } else { nil } }

    /// The value of an integer; `nil` elsewhere.
    public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }

    /// The value of a boolean; `nil` elsewhere.
    public var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }

    /// The elements of an array; `nil` elsewhere.
    public var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

    /// The members of an object; `nil` elsewhere.
    public var members: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }

    /// An array of strings.
    public init(_ texts: [String]) { self = .array(texts.map(JSONValue.string)) }

    /// An object of strings.
    public init(_ texts: [String: String]) { self = .object(texts.mapValues(JSONValue.string)) }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An integer.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object; of a key that stands twice the last wins.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}
