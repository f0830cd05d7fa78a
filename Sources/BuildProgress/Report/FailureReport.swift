// SPDX-License-Identifier: Apache-2.0

/// What a person needs after a step failed: its last lines, its place in the Dockerfile, how to go on.
public struct FailureReport: Sendable {
    /// The step's name.
    public var step: String
    /// The last lines that it printed.
    public var output: [LineTail.Line]
    /// Its lines in the Dockerfile; `nil` where there is none.
    public var source: SourceExcerpt?
    /// Commands that help, each with what it is for.
    public var commands: [(purpose: String, command: String)]

    /// Makes a report of its parts.
    public init(
        step: String,
        output: [LineTail.Line],
        source: SourceExcerpt?,
        commands: [(purpose: String, command: String)]
    ) {
        self.step = step
        self.output = output
        self.source = source
        self.commands = commands
    }

    /// The report as lines, in the manner of BuildKit.
    public var styled: [StyledLine] {
        let rule = StyledLine("------", .quiet)
        var lines: [StyledLine] = []
        if !output.isEmpty {
            var head = StyledLine(" > ", .bad)
            head.add(step + ":", .strong)
            lines += [rule, head]
            for line in output {
                var row = StyledLine(Quantity.seconds(line.elapsed, decimals: 3) + " ", .quiet)
                row.add(line.text)
                lines.append(row)
            }
            lines.append(rule)
        }
        if let source { lines += source.styled }
        let width = commands.map { DisplayWidth.of($0.purpose) }.max() ?? 0
        for (purpose, command) in commands {
            var row = StyledLine(DisplayWidth.padded(purpose, to: width) + "  ", .quiet)
            row.add(command)
            lines.append(row)
        }
        return lines
    }
}
