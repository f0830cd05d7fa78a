// SPDX-License-Identifier: Apache-2.0

/// The name of a step, taken apart: `[build 2/4] RUN make` is step 2/4 of the stage `build`.
public struct ItemName: Hashable, Sendable {
    /// The name as it was given.
    public let whole: String
    /// The stage, with the platform before it where there is one; empty where the name tells of none.
    public let stage: String
    /// Such as `2/4`; empty where the name tells of none.
    public let place: String
    /// The rest.
    public let text: String

    /// Takes a name apart; one of another form is all `text`.
    public init(_ whole: String) {
        self.whole = whole
        guard whole.hasPrefix("["), let close = whole.firstIndex(of: "]") else {
            (stage, place, text) = ("", "", whole)
            return
        }
        var words = whole[whole.index(after: whole.startIndex)..<close].split(separator: " ")
        let last = words.last ?? ""
        let isPlace = last.contains("/") && last.allSatisfy { $0.isNumber || $0 == "/" }
        place = isPlace ? String(words.removeLast()) : ""
        stage = words.joined(separator: " ")
        let rest = whole[whole.index(after: close)...]
        text = String(rest.drop { $0 == " " })
    }
}
