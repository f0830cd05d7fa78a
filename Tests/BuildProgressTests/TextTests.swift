// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BuildProgress

@Suite("Quantities and text for a terminal")
struct TextTests {
    @Test(
        "Numbers of bytes",
        arguments: [
            (0, "0B"), (-5, "0B"), (999, "999B"), (1000, "1.0kB"), (1049, "1.0kB"), (1050, "1.1kB"), (99_949, "99.9kB"),
            (100_000, "100kB"), (999_499, "999kB"), (999_500, "1.0MB"), (80_000_000, "80.0MB"),
            (12_345_678_901, "12.3GB"), (Int64.max, "9223PB"),
        ] as [(Int64, String)]
    )
    func bytes(count: Int64, text: String) { #expect(Quantity.bytes(count) == text) }

    @Test(
        "Lengths of time",
        arguments: [
            (-1, "0.0s"), (0, "0.0s"), (49_000_000, "0.0s"), (1_250_000_000, "1.2s"), (59_999_000_000, "59.9s"),
            (60_000_000_000, "1m 00s"), (192_000_000_000, "3m 12s"), (7_500_000_000_000, "2h 05m"),
            (532_800_000_000_000, "6d 4h"),
        ] as [(Int64, String)]
    )
    func durations(nanoseconds: Int64, text: String) { #expect(Quantity.duration(nanoseconds) == text) }

    @Test(
        "Whole numbers",
        arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-20_000, "-20,000"), (1_234_567, "1,234,567")]
    )
    func counts(number: Int, text: String) { #expect(Quantity.count(number) == text) }

    @Test(
        "Nothing that a step prints can steer the terminal",
        arguments: [
            ("plain", "plain"), ("\u{1B}[31mred\u{1B}[0m", "red"), ("\u{1B}]0;title\u{07}text", "text"),
            ("\u{1B}]8;;http://x\u{1B}\\link", "link"), ("\u{1B}(Bx", "x"), ("a\tb", "a       b"), ("12%\r34%", "34%"),
            ("100%\r", "100%"), ("a\u{07}b\u{7F}c\u{85}d", "abcd"), ("\u{1B}", ""), ("\u{1B}[", ""),
            ("ok\u{1B}[2Jx", "okx"),
            ("wörld …", "wörld …"),
        ]
    )
    func controls(raw: String, shown: String) { #expect(OutputText.clean(Array(raw.utf8)) == shown) }

    @Test("Invalid UTF-8 becomes replacement characters")
    func invalid() { #expect(OutputText.clean([0x61, 0xFF, 0x62]) == "a\u{FFFD}b") }

    @Test(
        "Columns and cuts",
        arguments: [
            ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("漢字漢", 6, "漢字漢"), ("漢字漢", 5, "漢字…"), ("漢字漢", 4, "漢…"),
            ("e\u{301}e\u{301}e\u{301}", 3, "e\u{301}e\u{301}e\u{301}"), ("abc", 1, "…"), ("abc", 0, ""),
        ]
    )
    func cuts(text: String, columns: Int, cut: String) {
        #expect(DisplayWidth.truncated(text, to: columns) == cut)
        #expect(DisplayWidth.of(DisplayWidth.padded(text, to: columns)) == columns)
    }

    @Test("A line keeps its tones when it is cut, and its right side when there is room")
    func lines() {
        var line = StyledLine("abc", .good)
        line.add("defgh", .bad)
        #expect(
            line.truncated(to: 6, mark: "…").rendered(inColour: true) == "\u{1B}[32mabc\u{1B}[0m\u{1B}[31mde…\u{1B}[0m"
        )
        #expect(line.truncated(to: 8, mark: "…") == line)
        #expect(line.justified(with: StyledLine("9s"), columns: 12, mark: "…").text == "abcdefgh  9s")
        #expect(line.justified(with: StyledLine("9s"), columns: 8, mark: "…").text == "abcd… 9s")
        #expect(line.justified(with: StyledLine("9s"), columns: 3, mark: "…").text == "ab…")
    }

    @Test(
        "Colour and Unicode follow the person's wishes",
        arguments: [
            (["LANG": "C.UTF-8"], true, true), (["LANG": "C"], true, false), ([:], true, false),
            (["LANG": "de_DE.utf8", "NO_COLOR": "1"], false, true), (["LC_ALL": "C", "LANG": "C.UTF-8"], true, false),
            (["LC_ALL": "", "LANG": "C.UTF-8", "NO_COLOR": ""], true, true), (["TERM": "dumb"], false, false),
        ] as [([String: String], Bool, Bool)]
    )
    func wishes(variables: [String: String], colour: Bool, unicode: Bool) {
        #expect(TerminalStyle(variables: variables) == TerminalStyle(inColour: colour, inUnicode: unicode))
    }

    @Test(
        "Names of steps come apart",
        arguments: [
            ("[build 2/4] RUN make", "build", "2/4", "RUN make"), ("[2/4] RUN make", "", "2/4", "RUN make"),
            ("[linux/arm64 build 2/4] RUN x", "linux/arm64 build", "2/4", "RUN x"),
            ("[internal] load context", "internal", "", "load context"), ("copy / /x", "", "", "copy / /x"),
            ("[", "", "", "["),
            ("", "", "", ""),
        ]
    )
    func names(whole: String, stage: String, place: String, text: String) {
        let name = ItemName(whole)
        #expect(name.stage == stage)
        #expect(name.place == place)
        #expect(name.text == text)
    }
}
