// SPDX-License-Identifier: Apache-2.0

/// What a terminal can show, and what the person wants of it.
public struct TerminalStyle: Hashable, Sendable {
    /// Whether tones become colours.
    public var inColour: Bool
    /// Whether characters beyond ASCII may be used.
    public var inUnicode: Bool

    /// Makes a style.
    public init(inColour: Bool, inUnicode: Bool) {
        self.inColour = inColour
        self.inUnicode = inUnicode
    }

    /// Reads the person's wishes from the environment.
    ///
    /// No colour with a non-empty `NO_COLOR` or `TERM=dumb`; Unicode where the first non-empty of `LC_ALL`, `LC_CTYPE` and
    /// `LANG` names UTF-8.
    ///
    /// Source: no-color.org; POSIX.1-2017, Base Definitions, section 8.2.
    public init(variables: [String: String]) {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { variables[$0] }.first { !$0.isEmpty } ?? ""
        let charset = locale.lowercased()
        inUnicode = charset.contains("utf-8") || charset.contains("utf8")
        inColour = (variables["NO_COLOR"] ?? "").isEmpty && variables["TERM"] != "dumb"
    }

    /// What stands for text that was cut off.
    public var ellipsis: String { inUnicode ? "…" : "~" }
    var doneMark: String { inUnicode ? "✔" : "+" }
    var reusedMark: String { inUnicode ? "≡" : "=" }
    var failedMark: String { inUnicode ? "✘" : "x" }
    var warningMark: String { "!" }
    var waitingMark: String { inUnicode ? "·" : "." }
    var outputBar: String { inUnicode ? "│" : "|" }
    var separator: String { inUnicode ? " · " : ", " }

    /// The sign of something at work, as it is in the tenth of a second `tick`.
    func spinner(_ tick: Int64) -> String {
        let frames = inUnicode ? ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] : ["|", "/", "-", "\\"]
        return frames[Int(tick % Int64(frames.count))]
    }
}
