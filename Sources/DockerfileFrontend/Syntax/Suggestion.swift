// SPDX-License-Identifier: Apache-2.0

/// Finds what a misspelt word was meant to be.
///
/// Source: BuildKit, `util/suggest/error.go`: a distance of at most two edits.
enum Suggestion {
    /// The nearest of `options`, or `nil` where none is near or the word is one of them.
    static func nearest(_ word: String, in options: some Sequence<String>, ignoringCase: Bool = false) -> String? {
        let wanted = ignoringCase ? word.lowercased() : word
        guard wanted.utf8.count <= 64 else { return nil }
        var best: (distance: Int, option: String)?
        for option in options.sorted() {
            let candidate = ignoringCase ? option.lowercased() : option
            if candidate == wanted { return nil }
            let distance = distance(Array(wanted.utf8), Array(candidate.utf8))
            if distance < best?.distance ?? 3 { best = (distance, option) }
        }
        guard let option = best?.option else { return nil }
        guard ignoringCase else { return option }
        if word == word.lowercased() { return option.lowercased() }
        return word == word.uppercased() ? option.uppercased() : option
    }

    /// `did you mean X?`, or `nil`.
    static func advice(_ word: String, in options: some Sequence<String>, ignoringCase: Bool = false) -> String? {
        nearest(word, in: options, ignoringCase: ignoringCase).map { "did you mean \($0)?" }
    }

    /// Levenshtein's distance, given up (as 3) where the lengths alone make it more than 2.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard abs(left.count - right.count) < 3 else { return 3 }
        var row = Array(0...right.count)
        for (index, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, other) in right.enumerated() {
                let cost = min(row[column] + 1, row[column + 1] + 1, diagonal + (byte == other ? 0 : 1))
                diagonal = row[column + 1]
                row[column + 1] = cost
            }
        }
        return row[right.count]
    }
}
