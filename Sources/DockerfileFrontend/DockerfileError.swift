// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A mistake in a Dockerfile, or a request that it can't fulfil.
///
/// Two are equal if their texts are.
public struct DockerfileError: Fault, Equatable {
    /// `.usage` for what stands in the file or the request; `.failed` for what was met on the way.
    public let kind: FaultKind
    /// What is wrong, without place and advice.
    public let message: String
    /// What to do, e.g. `did you mean RUN?`.
    public let advice: String?
    /// Where it is wrong; `nil` where no place in the file is.
    public let position: DockerfilePosition?
    /// The line of the file, without its end.
    public let line: String
    /// How many characters the caret marks, at least 1.
    public let length: Int

    init(
        _ message: String,
        advice: String? = nil,
        kind: FaultKind = .usage,
        position: DockerfilePosition? = nil,
        line: String = "",
        length: Int = 1
    ) {
        self.kind = kind
        // An error is recorded, and may quote a URL that was refused for its password.
        self.message = URLUserInfo.redacted(message)
        self.advice = advice
        self.position = position
        self.line = URLUserInfo.redacted(line)
        self.length = max(1, length)
    }

    /// The place, what is wrong and what to do, on one line.
    public var summary: String {
        let advised = message + (advice.map { " (\($0))" } ?? "")
        return position.map { "\($0): \(advised)" } ?? advised
    }

    /// The summary; under it the line of the file and a caret.
    public var description: String {
        guard let position else { return summary }
        let number = "\(position.line)"
        let margin = String(repeating: " ", count: number.count)
        // Tabs stay tabs before the caret, so that it stands under what it means whatever their width.
        let before = line.prefix(position.column - 1).map { $0 == "\t" ? "\t" : " " }.joined()
        let rest = max(1, line.count - (position.column - 1))
        let carets = String(repeating: "^", count: min(length, rest))
        return "\(summary)\n \(number) | \(line)\n \(margin) | \(before)\(carets)"
    }
}
