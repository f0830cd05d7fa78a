// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What is said about a wrong command line: one sentence, and where to read more.
enum UsageMessage {
    /// The sentence for an error of the argument parser.
    static func text(for error: any Error, words: [String]) -> String {
        let lines = Reel.message(for: error).split(separator: "\n")
        var sentence = lines.map { $0.drop { $0 == " " } }.joined(separator: " ")
        while sentence.hasSuffix(".") { sentence.removeLast() }
        let path = words.prefix { !$0.hasPrefix("-") }.prefix(2)
        let known = path.prefix(while: { word in word.allSatisfy { $0.isLetter || $0 == "-" } })
        let page = Reel.knowsPath(Array(known)).joined(separator: " ")
        return "\(sentence); see '\((["reel"] + (page.isEmpty ? [] : [page])).joined(separator: " ")) --help'"
    }
}

extension Reel {
    /// The longest start of `words` that names commands.
    fileprivate static func knowsPath(_ words: [String]) -> [String] {
        var known: [String] = []
        var level = configuration.subcommands
        for word in words {
            guard let next = level.first(where: { $0._commandName == word }) else { break }
            known.append(word)
            level = next.configuration.subcommands
        }
        return known
    }
}
