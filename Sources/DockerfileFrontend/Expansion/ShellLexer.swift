// SPDX-License-Identifier: Apache-2.0

/// Expands variables, quotes and escapes as Dockerfile instructions do, which is much like a shell.
///
/// Source: Dockerfile reference, "Environment replacement"; BuildKit, `frontend/dockerfile/shell/lex.go`.
struct ShellLexer: Sendable {
    /// The character that takes the meaning from the next one.
    var escape: UInt8
    /// Whether quotes stay.
    var keepsQuotes = false
    /// Whether escapes stay.
    var keepsEscapes = false
    /// Whether quotes are characters like any other.
    var ignoresQuotes = false
    /// Whether a variable that is not set stays as it is written.
    var keepsUnset = false

    init(escape: UnicodeScalar) { self.escape = UInt8(ascii: escape) }
    init(escape: UInt8) { self.escape = escape }

    /// What a word became.
    struct Expansion: Hashable, Sendable {
        var text: String
        /// Variables that were set, each once, in order of use.
        var matched: [String] = []
        /// Variables that were not.
        var unmatched: [String] = []
    }

    /// Expands `word` into one word.
    func expand(_ word: String, lookup: (String) -> String?) throws(ExpansionError) -> Expansion {
        if !needsWork(word) { return Expansion(text: word) }
        return try withoutActuallyEscaping(lookup) { lookup throws(ExpansionError) in
            var scan = ShellScan(lexer: self, bytes: Array(word.utf8), lookup: lookup)
            var output = WordOutput(splitting: false)
            try scan.run(until: nil, raw: keepsEscapes, depth: 0, into: &output)
            return Expansion(text: output.whole.text, matched: scan.matched, unmatched: scan.unmatched)
        }
    }

    /// Expands `word` and splits the result at white space that is neither quoted nor escaped.
    func words(_ word: String, lookup: (String) -> String?) throws(ExpansionError) -> [String] {
        try withoutActuallyEscaping(lookup) { lookup throws(ExpansionError) in
            var scan = ShellScan(lexer: self, bytes: Array(word.utf8), lookup: lookup)
            var output = WordOutput(splitting: true)
            try scan.run(until: nil, raw: keepsEscapes, depth: 0, into: &output)
            return output.finished()
        }
    }

    private func needsWork(_ word: String) -> Bool {
        word.utf8.contains {
            $0 == UInt8(ascii: "$") || $0 == escape || $0 == UInt8(ascii: "'") || $0 == UInt8(ascii: "\"")
        }
    }
}

/// A word that can't be expanded.
struct ExpansionError: Error, Equatable {
    /// What is wrong.
    var message: String
    /// Bytes before the place.
    var offset: Int
}

/// Collects what a scan gives, whole or in words.
struct WordOutput {
    let splitting: Bool
    var whole: [UInt8] = []
    private var words: [String] = []
    private var current: [UInt8] = []

    init(splitting: Bool) { self.splitting = splitting }

    /// A character that separates words if it is white space.
    mutating func add(_ byte: UInt8) {
        whole.append(byte)
        guard splitting else { return }
        if !byte.isSpace {
            current.append(byte)
        } else if !current.isEmpty {
            words.append(current.text)
            current = []
        }
    }

    /// The value of a variable, which is split.
    mutating func add(_ bytes: some Sequence<UInt8>) { for byte in bytes { add(byte) } }

    /// Characters that are part of a word whatever they are.
    mutating func addRaw(_ bytes: some Collection<UInt8>) {
        whole.append(contentsOf: bytes)
        if splitting { current.append(contentsOf: bytes) }
    }

    mutating func addRaw(_ byte: UInt8) {
        whole.append(byte)
        if splitting { current.append(byte) }
    }

    mutating func finished() -> [String] {
        if !current.isEmpty { words.append(current.text) }
        current = []
        return words
    }
}
