// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

@testable import Commands

@Suite("Values of options")
struct OptionValueTests {
    @Test(
        "Sizes",
        arguments: [
            ("0", 0), ("512", 512), ("64m", 64 << 20), ("64M", 64 << 20), ("1g", 1 << 30), ("1.5GiB", 3 << 29),
            ("2kb", 2048),
            ("1 t", 1 << 40),
        ] as [(String, Int64)]
    )
    func sizes(text: String, bytes: Int64) throws { #expect(try ByteSize.parse(text, option: "--x") == bytes) }

    @Test("What is no size", arguments: ["", "x", "-1", "1z", "1..2", "99999999999g", "m", "NaN", "1mm"])
    func noSizes(text: String) {
        #expect(throws: UsageError.self) { try ByteSize.parse(text, option: "--x") }
    }

    @Test(
        "Moments",
        arguments: [
            ("2026-08-01", 1_785_542_400), ("2026-08-01T12:30:00Z", 1_785_587_400), ("2026-08-01T12:30", 1_785_587_400),
            ("2026-08-01T12:30:00.5Z", 1_785_587_400), ("2000-02-29", 951_782_400), ("1970-01-01", 0),
            ("1700000000", 1_700_000_000), ("90m", 1_785_585_600 - 5400), ("2h30m", 1_785_585_600 - 9000),
            ("1w", 1_785_585_600 - 604_800),
        ] as [(String, Int64)]
    )
    func moments(text: String, seconds: Int64) throws {
        #expect(try Moment.parse(text, now: StillClock().now(), option: "--since") == Timestamp(seconds: seconds))
    }

    @Test(
        "What is no moment",
        arguments: ["", "yesterday", "2026-13-01", "2026-1", "5x", "h", "2026-08-01T25:00Z", "1h5", "9999999999d"]
    )
    func noMoments(text: String) {
        #expect(throws: UsageError.self) { try Moment.parse(text, now: StillClock().now(), option: "--since") }
    }

    @Test(
        "Command lines are quoted so that a shell reads the same words",
        arguments: [
            (["/usr/bin/reel", "build", "."], "reel build ."), (["reel", "a b"], "reel 'a b'"),
            (["reel", ""], "reel ''"),
            (["reel", "it's"], "reel 'it'\\''s'"), (["reel", "$HOME", "*", "a=b,c"], "reel '$HOME' '*' a=b,c"),
            (["reel", "ä"], "reel 'ä'"),
        ]
    )
    func words(words: [String], line: String) { #expect(ShellWords.joined(words) == line) }

    @Test(
        "How long ago",
        arguments: [
            (0, "0 seconds ago"), (1, "1 second ago"), (-5, "0 seconds ago"), (60, "1 minute ago"),
            (7200, "2 hours ago"),
            (172_800, "2 days ago"), (31_536_000, "2025-08-01"),
        ] as [(Int64, String)]
    )
    func ages(seconds: Int64, text: String) {
        let now = StillClock().now()
        #expect(Age.text(of: Timestamp(seconds: now.seconds - seconds), at: now) == text)
    }

    @Test("A table aligns its columns by what a terminal shows")
    func table() {
        var table = TextTable(["NAME", "SIZE"], rightAligned: [1])
        table.add(["漢字", "1"])
        table.add(["abcdef", "1000"])
        #expect(table.lines() == ["NAME    SIZE", "漢字       1", "abcdef  1000"])
        #expect(table.lines(columns: 8) == ["NAME   …", "漢字   …", "abcdef …"])
    }

    @Test(
        "Progress is what the option, then docker's variable, then the terminal says",
        arguments: [
            (nil, [:], true, .tty), (nil, [:], false, .plain), (nil, ["TERM": "dumb"], true, .plain),
            (nil, ["BUILDKIT_PROGRESS": "plain"], true, .plain), (.tty, ["BUILDKIT_PROGRESS": "plain"], true, .tty),
            (nil, ["BUILDKIT_PROGRESS": "bogus"], false, .plain), (.auto, [:], false, .plain),
            (.rawjson, [:], true, .rawjson),
        ] as [(ProgressMode?, [String: String], Bool, ProgressMode)]
    )
    func progress(given: ProgressMode?, variables: [String: String], terminal: Bool, mode: ProgressMode) throws {
        let console = try Bench().console(variables: variables, terminal: terminal)
        #expect(ProgressMode.resolve(given, quiet: false, console: console) == mode)
        #expect(ProgressMode.resolve(given, quiet: true, console: console) == .quiet)
    }
}
