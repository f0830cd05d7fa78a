// SPDX-License-Identifier: Apache-2.0

/// Command lines as a person could type them.
enum ShellWords {
    /// The words in the spelling of a POSIX shell; of the program its last path component.
    ///
    /// Source: POSIX.1-2017, Shell Command Language, section 2.2.2 (single quotes).
    static func joined(_ words: [String]) -> String {
        var words = words
        if let program = words.first?.split(separator: "/").last { words[0] = String(program) }
        return words.map(quoted).joined(separator: " ")
    }

    private static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.allSatisfy { character in
                character.isASCII && (character.isLetter || character.isNumber || "-_./:=,@%+".contains(character))
            }
        return isPlain
            ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
