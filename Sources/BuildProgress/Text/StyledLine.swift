// SPDX-License-Identifier: Apache-2.0

/// What a piece of text means, from which a terminal's colour follows.
public enum Tone: Sendable {
    /// Nothing special.
    case plain
    /// Of less weight.
    case quiet
    /// Of more weight.
    case strong
    /// It went well.
    case good
    /// It went wrong.
    case bad
    /// It needs a look.
    case caution
    /// It is at work.
    case active

    /// The parameters of its SGR sequence; empty for `plain`.
    ///
    /// Source: ECMA-48, section 8.3.117.
    var parameters: String {
        switch self {
        case .plain: ""
        case .quiet: "2"
        case .strong: "1"
        case .good: "32"
        case .bad: "31"
        case .caution: "33"
        case .active: "36"
        }
    }
}

/// A line of text in several tones.
public struct StyledLine: Equatable, Sendable {
    /// A piece in one tone.
    public struct Span: Equatable, Sendable {
        /// What it says.
        public var text: String
        /// What it means.
        public var tone: Tone
    }

    /// The pieces, from left to right.
    public private(set) var spans: [Span] = []

    /// Makes a line of one piece.
    public init(_ text: String = "", _ tone: Tone = .plain) { add(text, tone) }

    /// Adds a piece at the end.
    public mutating func add(_ text: String, _ tone: Tone = .plain) {
        guard !text.isEmpty else { return }
        if let last = spans.indices.last, spans[last].tone == tone {
            spans[last].text += text
        } else {
            spans.append(Span(text: text, tone: tone))
        }
    }

    /// The columns it takes.
    public var width: Int { spans.reduce(0) { $0 + DisplayWidth.of($1.text) } }

    /// Its text without tones.
    public var text: String { spans.map(\.text).joined() }

    /// The line cut to `columns`.
    public func truncated(to columns: Int, mark: String) -> StyledLine {
        guard width > columns else { return self }
        var line = StyledLine()
        var left = columns - DisplayWidth.of(mark)
        guard left >= 0 else { return line }
        for span in spans {
            let part = DisplayWidth.truncated(span.text, to: left, mark: "")
            line.add(part, span.tone)
            left -= DisplayWidth.of(part)
            guard part == span.text else { break }
        }
        line.add(mark, line.spans.last?.tone ?? .plain)
        return line
    }

    /// The line with `right` at the right edge of `columns`; this side is cut where both don't fit.
    public func justified(with right: StyledLine, columns: Int, mark: String) -> StyledLine {
        guard right.width > 0, right.width + 2 <= columns else { return truncated(to: columns, mark: mark) }
        var line = truncated(to: columns - right.width - 1, mark: mark)
        line.add(String(repeating: " ", count: max(1, columns - right.width - line.width)))
        for span in right.spans { line.add(span.text, span.tone) }
        return line
    }

    /// What to send to a terminal, with or without colours.
    public func rendered(inColour colour: Bool) -> String {
        guard colour else { return text }
        return spans.map { span in
            span.tone == .plain ? span.text : "\u{1B}[\(span.tone.parameters)m\(span.text)\u{1B}[0m"
        }.joined()
    }
}
