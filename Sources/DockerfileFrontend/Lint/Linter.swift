// SPDX-License-Identifier: Apache-2.0

/// Collects warnings, as far as the file wants them.
struct Linter {
    let file: SourceFile
    /// What `# check=` at the top says.
    let options: LintOptions
    private(set) var warnings: [LintWarning] = []
    private var seen: Set<LintWarning> = []

    init(file: SourceFile, options: LintOptions) {
        self.file = file
        self.options = options
    }

    /// Notes a warning, unless the file or a comment above the instruction skips its rule.
    mutating func warn(
        _ rule: LintRule,
        _ message: String,
        at span: Span,
        lastLine: Int? = nil,
        comments: [Comment] = []
    ) {
        let local = Self.options(in: comments)
        if rule.isExperimental {
            guard options.enables(rule) || local?.enables(rule) == true else { return }
        } else if options.skips(rule) || local?.skips(rule) == true {
            return
        }
        let warning = LintWarning(
            rule: rule.rawValue,
            message: message,
            explanation: rule.explanation,
            position: file.position(span),
            lastLine: max(span.line, lastLine ?? span.line),
            url: rule.url
        )
        if seen.insert(warning).inserted { warnings.append(warning) }
    }

    /// Notes a warning about an instruction.
    mutating func warn(_ rule: LintRule, _ message: String, about header: InstructionHeader, at span: Span? = nil) {
        warn(
            rule,
            message,
            at: span ?? header.keyword.span,
            lastLine: header.lines.upperBound,
            comments: header.comments
        )
    }

    /// The options in a comment such as `# check=skip=UndefinedVar`.
    private static func options(in comments: [Comment]) -> LintOptions? {
        for comment in comments where comment.text.lowercased().hasPrefix("check") {
            guard let (name, range) = Directives.split(Array(comment.text.utf8)[...], comment: false), name == "check"
            else { continue }
            let value = Array(comment.text.utf8)[range].text
            return LintOptions(parsing: String(value.prefix { $0 != " " }))
        }
        return nil
    }

    /// In the order of the file.
    var sorted: [LintWarning] {
        warnings.enumerated().sorted {
            ($0.element.position.line, $0.element.position.column, $0.offset)
                < ($1.element.position.line, $1.element.position.column, $1.offset)
        }.map(\.element)
    }
}

/// The value of `# check=`: `skip=RULE,…;experimental=RULE,…;error=true`.
///
/// Source: Dockerfile reference, "check"; BuildKit, `linter.go`, `ParseLintOptions`.
struct LintOptions: Hashable, Sendable {
    private(set) var skipped: Set<String> = []
    private(set) var experimental: Set<String> = []
    private(set) var skipsAll = false
    private(set) var enablesAll = false
    /// Whether warnings fail the build.
    private(set) var isError = false

    init() {}

    /// Reads a value; `nil` where it is malformed.
    init?(parsing text: String) {
        for part in text.split(separator: ";") {
            let sides = part.split(separator: "=", maxSplits: 1).map { Array($0.utf8)[...].trimmed.text }
            guard sides.count == 2 else { return nil }
            let names = Set(sides[1].split(separator: ",").map { Array($0.utf8)[...].trimmed.text })
            switch sides[0] {
            case "skip": if sides[1] == "all" { skipsAll = true } else { skipped = names }
            case "experimental": if sides[1] == "all" { enablesAll = true } else { experimental = names }
            case "error":
                guard let value = GoText.boolean(sides[1]) else { return nil }
                isError = value
            default: return nil
            }
        }
    }

    func skips(_ rule: LintRule) -> Bool { skipsAll || skipped.contains(rule.rawValue) }
    func enables(_ rule: LintRule) -> Bool { enablesAll || experimental.contains(rule.rawValue) }
}
