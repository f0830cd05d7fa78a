// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// The JSON form of an instruction's arguments, `["a", "b"]`.
enum JSONList {
    /// What stands in the place of arguments.
    enum Outcome: Equatable {
        /// An array of strings.
        case strings([String])
        /// An array that holds something else, which is a mistake.
        case notStrings
    }

    /// Reads arguments that are a JSON array; `nil` where they are none, which makes them text.
    static func parse(_ bytes: ArraySlice<UInt8>) -> Outcome? {
        let start = bytes.trimmingStart
        guard start.first == UInt8(ascii: "["), bytes.trimmed.last == UInt8(ascii: "]") else { return nil }
        guard let elements = (try? JSONValue(parsing: start))?.elements else { return nil }
        let strings = elements.compactMap(\.text)
        return strings.count == elements.count ? .strings(strings) : .notStrings
    }
}
