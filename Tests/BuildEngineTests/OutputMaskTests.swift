// SPDX-License-Identifier: Apache-2.0

import Sandbox
import Testing

@testable import BuildEngine

@Suite("The mask of secrets")
struct OutputMaskTests {
    private func shown(_ pieces: [String], hiding values: [String]) -> String {
        let mask = OutputMask(values: values.map { Array($0.utf8) })
        var chunks: [OutputChunk] = []
        for piece in pieces {
            chunks += mask.apply(OutputChunk(stream: .standardOutput, offset: 0, bytes: Array(piece.utf8)))
        }
        chunks += mask.finish()
        return String(decoding: chunks.flatMap(\.bytes), as: UTF8.self)
    }

    @Test(
        "A value is hidden as it is, in base64, in hexadecimal and in a URL",
        arguments: [
            ("it is secret/value? yes", "it is ***? yes"), ("c2VjcmV0L3ZhbHVl!", "***!"),
            ("7365637265742f76616c7565", "***"), ("7365637265742F76616C7565", "***"), ("secret%2Fvalue&x", "***&x"),
            ("secret/valu", "secret/valu"), ("nothing", "nothing"),
        ]
    )
    func spellings(text: String, expected: String) {
        #expect(shown([text], hiding: ["secret/value"]) == expected)
        #expect(shown(text.map(String.init), hiding: ["secret/value\n"]) == expected, "one character at a time")
    }

    @Test("Of two values that begin alike the longer one is hidden whole; short ones are too common to be hidden")
    func choice() {
        #expect(shown(["a secret-two b"], hiding: ["secret", "secret-two"]) == "a *** b")
        #expect(shown(["abc abc"], hiding: ["abc"]) == "abc abc")
        #expect(shown(["sec", "ret sec"], hiding: ["secret"]) == "*** sec")
    }
}
