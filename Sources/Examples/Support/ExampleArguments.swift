// SPDX-License-Identifier: Apache-2.0

/// The command line of an example: flags, and options with a value.
public struct ExampleArguments: Sendable {
    private var values: [String: String] = [:]

    /// What is wrong with a command line.
    public struct Mistake: Error, Equatable, CustomStringConvertible {
        /// One sentence.
        public let description: String
    }

    /// Reads `--name value` for the options, `--name` for the flags.
    ///
    /// - Throws: `Mistake` for a word that is neither.
    public init(_ words: some Sequence<String>, options: Set<String>, flags: Set<String> = []) throws(Mistake) {
        var rest = Array(words)[...]
        while let word = rest.popFirst() {
            let name = String(word.dropFirst(word.hasPrefix("--") ? 2 : word.count))
            if flags.contains(name) {
                values[name] = ""
            } else if options.contains(name), let value = rest.popFirst() {
                values[name] = value
            } else {
                let known = (options.map { "--\($0) VALUE" } + flags.map { "--\($0)" }).sorted()
                throw Mistake(description: "'\(word)' is not known here; there are \(known.joined(separator: ", "))")
            }
        }
    }

    /// The value of an option; `nil` where it was not given.
    public subscript(name: String) -> String? { values[name] }

    /// Whether a flag was given.
    public func has(_ flag: String) -> Bool { values[flag] != nil }
}
