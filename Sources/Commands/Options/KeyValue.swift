// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// Values of options that have parts.
enum KeyValue {
    /// Splits at the first `=`; the value is `nil` without one.
    static func split(_ text: String) -> (key: String, value: String?) {
        guard let mark = text.firstIndex(of: "=") else { return (text, nil) }
        return (String(text[..<mark]), String(text[text.index(after: mark)...]))
    }

    /// Splits at the first `=`.
    ///
    /// - Throws: `UsageError` without one, or when nothing stands before it.
    static func require(_ text: String, option: String) throws -> (key: String, value: String) {
        let (key, value) = split(text)
        guard let value, !key.isEmpty else {
            throw UsageError("\(option) \(text): write it as NAME=VALUE")
        }
        return (key, value)
    }

    /// Reads `key=value` fields parted by commas, as `--secret` and `--ssh` have them.
    static func fields(_ text: String, option: String) throws -> [String: String] {
        var fields: [String: String] = [:]
        for part in text.split(separator: ",") {
            let (key, value) = try require(String(part), option: option)
            guard fields.updateValue(value, forKey: key) == nil else {
                throw UsageError("\(option) \(text): '\(key)' stands twice")
            }
        }
        return fields
    }

    /// Splits values that may be given in one option, parted by commas, or in several.
    static func list(_ values: [String]) -> [String] {
        values.flatMap { $0.split(separator: ",").map(String.init) }.filter { !$0.isEmpty }
    }
}
