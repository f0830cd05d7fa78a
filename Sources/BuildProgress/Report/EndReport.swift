// SPDX-License-Identifier: Apache-2.0

/// What is said when a build is over and went well.
public struct EndReport: Sendable {
    /// Nanoseconds that the build took.
    public var nanoseconds: Int64
    /// Steps that the reused results took when they were made, together, in nanoseconds.
    public var saved: Int64
    /// Digests, names and files: a label, what it is, and its bytes where they are known.
    public var products: [(label: String, text: String, bytes: Int64)]
    /// A command and what it is for.
    public var commands: [(purpose: String, command: String)]

    /// Makes a report of its parts.
    public init(
        nanoseconds: Int64,
        saved: Int64 = 0,
        products: [(label: String, text: String, bytes: Int64)] = [],
        commands: [(purpose: String, command: String)] = []
    ) {
        self.nanoseconds = nanoseconds
        self.saved = saved
        self.products = products
        self.commands = commands
    }

    /// The report as lines: warnings, a summary, then products and commands.
    public func styled(_ state: ProgressState, style: TerminalStyle) -> [StyledLine] {
        var lines: [StyledLine] = []
        for warning in state.warnings {
            var line = StyledLine(" \(style.warningMark) ", .caution)
            line.add(OutputText.clean(Array(warning.utf8)), .caution)
            lines.append(line)
        }
        lines.append(summary(of: state, style: style))
        let rows = products.map { product in
            (product.label, product.text + (product.bytes > 0 ? "  \(Quantity.bytes(product.bytes))" : ""))
        }
        let width = (rows.map(\.0) + commands.map(\.purpose)).map(DisplayWidth.of).max() ?? 0
        for (label, text) in rows + commands.map({ ($0.purpose, $0.command) }) {
            var line = StyledLine("   " + DisplayWidth.padded(label, to: width) + "  ", .quiet)
            line.add(text)
            lines.append(line)
        }
        return lines
    }

    private func summary(of state: ProgressState, style: TerminalStyle) -> StyledLine {
        let counts = state.counts
        var line = StyledLine(" \(style.doneMark) ", .good)
        line.add("Built in \(Quantity.duration(nanoseconds))", .strong)
        var facts: [String] = []
        switch (counts.ran, counts.reused) {
        case (0, 0): break
        case (0, let reused): facts.append("\(reused) step\(reused == 1 ? "" : "s"), all cached")
        case (let ran, 0): facts.append("\(ran) step\(ran == 1 ? "" : "s") run")
        case (let ran, let reused): facts.append("\(ran) step\(ran == 1 ? "" : "s") run, \(reused) cached")
        }
        if saved >= 100_000_000 { facts.append("the cache saved \(Quantity.duration(saved))") }
        for fact in facts { line.add(style.separator + fact, .quiet) }
        return line
    }
}
