// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

@Suite("JSONValue")
struct JSONValueTests {
    @Test(
        "The canonical form has sorted keys, no white space and the shortest escapes",
        arguments: [
            (#" { "b" : 1 , "a" : [ true , null , -3 ] } "#, #"{"a":[true,null,-3],"b":1}"#),
            (#""\u0041\n\u0001\/\"\\""#, #""A\n\u0001/\"\\""#),
            (#""\ud83d\ude00""#, "\"😀\""),
            ("1.50", "1.50"),
            ("1e5", "1e5"),
            ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", "9223372036854775808"),
            ("{}", "{}"),
            (#"{"é":1,"z":2}"#, #"{"z":2,"é":1}"#),
        ]
    )
    func canonical(text: String, expected: String) throws {
        let value = try JSONValue(parsing: text)
        #expect(value.canonicalText == expected)
        #expect(try JSONValue(parsing: value.canonicalBytes) == value)
    }

    @Test(
        "What is no JSON is refused with its place",
        arguments: [
            ("", 0), ("{", 1), ("[1,]", 3), (#"{"a":1,"a":2}"#, 12), ("01", 2), ("1 2", 2), ("\"\u{1}\"", 1),
            ("nul", 0),
            (#""\ud800""#, 7), (#"{"a" 1}"#, 5), ("-", 1), ("1.", 2), (#""abc"#, 4), ("'a'", 0),
        ]
    )
    func refused(text: String, offset: Int) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        do {
            _ = try JSONValue(parsing: text)
        } catch {
            #expect(error.offset == offset)
        }
    }

    @Test("Nesting is bounded, so that no input can exhaust the stack")
    func depth() throws {
        let deep = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
        _ = try JSONValue(parsing: deep)
        #expect(throws: JSONError.self) { try JSONValue(parsing: "[" + deep + "]") }
    }

    @Test("A string that is not UTF-8 is refused")
    func invalidUTF8() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22] as [UInt8]) }
    }
}
