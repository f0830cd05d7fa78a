// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FileOperations

@Suite("Modes as chmod reads them")
struct ModeTests {
    @Test("Every change gives what BSD's setmode does", arguments: ModeCases.all)
    func changes(text: String, expected: [UInt16]) throws {
        let change = try #require(ModeChange(text))
        let modes: [UInt16] = [0o000, 0o600, 0o644, 0o755, 0o711, 0o4751, 0o2755, 0o1777, 0o462]
        #expect(modes.map { change.apply(to: $0, isDirectory: false) } == Array(expected.dropLast()))
        #expect(change.apply(to: 0o640, isDirectory: true) == expected.last)
    }

    @Test("What chmod refuses", arguments: ["", "8", "77777", "x+u+", "u", "u~x", "+q", "rwx", ",u+x", "u+x,"])
    func refusals(text: String) { #expect(ModeChange(text) == nil) }
}

/// A change, and what it makes of nine modes of files and of 0640 of a directory, as tonistiigi/dchapes-mode computes.
enum ModeCases {
    static let all: [(String, [UInt16])] = [
        ("644", [0o644, 0o644, 0o644, 0o644, 0o644, 0o644, 0o644, 0o644, 0o644, 0o644]),
        ("4755", [0o4755, 0o4755, 0o4755, 0o4755, 0o4755, 0o4755, 0o4755, 0o4755, 0o4755, 0o4755]),
        ("u+x", [0o100, 0o700, 0o744, 0o755, 0o711, 0o4751, 0o2755, 0o1777, 0o562, 0o740]),
        ("go-rwx", [0o0, 0o600, 0o600, 0o700, 0o700, 0o4700, 0o2700, 0o1700, 0o400, 0o600]),
        ("a=r", [0o444, 0o444, 0o444, 0o444, 0o444, 0o444, 0o444, 0o1444, 0o444, 0o444]),
        ("=rw", [0o666, 0o666, 0o666, 0o666, 0o666, 0o666, 0o666, 0o1666, 0o666, 0o666]),
        ("+X", [0o0, 0o600, 0o644, 0o755, 0o711, 0o4751, 0o2755, 0o1777, 0o462, 0o751]),
        ("u=rwx,go=rX", [0o744, 0o744, 0o744, 0o755, 0o755, 0o755, 0o755, 0o1755, 0o744, 0o755]),
        ("g=u", [0o0, 0o660, 0o664, 0o775, 0o771, 0o4771, 0o2775, 0o1777, 0o442, 0o660]),
        ("o=g-w", [0o0, 0o600, 0o644, 0o755, 0o711, 0o4755, 0o2755, 0o1775, 0o464, 0o644]),
        ("u+s", [0o4000, 0o4600, 0o4644, 0o4755, 0o4711, 0o4751, 0o6755, 0o5777, 0o4462, 0o4640]),
        ("g+s", [0o2000, 0o2600, 0o2644, 0o2755, 0o2711, 0o6751, 0o2755, 0o3777, 0o2462, 0o2640]),
        ("+t", [0o1000, 0o1600, 0o1644, 0o1755, 0o1711, 0o5751, 0o3755, 0o1777, 0o1462, 0o1640]),
        ("a-x+X", [0o0, 0o600, 0o644, 0o755, 0o711, 0o4751, 0o2755, 0o1777, 0o462, 0o751]),
        ("ug=o", [0o0, 0o0, 0o444, 0o555, 0o111, 0o4111, 0o2555, 0o1777, 0o222, 0o0]),
        ("go=u-w", [0o0, 0o644, 0o644, 0o755, 0o755, 0o4755, 0o2755, 0o1755, 0o444, 0o644]),
        ("u=g,g=o", [0o0, 0o0, 0o444, 0o555, 0o111, 0o4511, 0o2555, 0o1777, 0o622, 0o400]),
        ("g+s,g-s", [0o0, 0o600, 0o644, 0o755, 0o711, 0o4751, 0o755, 0o1777, 0o462, 0o640]),
        ("o+t", [0o0, 0o600, 0o644, 0o755, 0o711, 0o4751, 0o2755, 0o1777, 0o462, 0o640]),
        ("u+t", [0o1000, 0o1600, 0o1644, 0o1755, 0o1711, 0o5751, 0o3755, 0o1777, 0o1462, 0o1640]),
        ("=", [0o0, 0o0, 0o0, 0o0, 0o0, 0o0, 0o0, 0o1000, 0o0, 0o0]),
        ("u=", [0o0, 0o0, 0o44, 0o55, 0o11, 0o51, 0o2055, 0o1077, 0o62, 0o40]),
        ("-x,+X", [0o0, 0o600, 0o644, 0o755, 0o711, 0o4751, 0o2755, 0o1777, 0o462, 0o751]),
        ("u=rg", [0o0, 0o0, 0o444, 0o555, 0o111, 0o551, 0o2555, 0o1777, 0o662, 0o440]),
        ("+rt-w", [0o1000, 0o1400, 0o1444, 0o1555, 0o1511, 0o5551, 0o3555, 0o1555, 0o1440, 0o1440]),
        ("o+s", [0o0, 0o600, 0o644, 0o755, 0o711, 0o4751, 0o2755, 0o1777, 0o462, 0o640]),
        ("a=,u+rwxs", [0o4700, 0o4700, 0o4700, 0o4700, 0o4700, 0o4700, 0o4700, 0o5700, 0o4700, 0o4700]),
    ]
}
