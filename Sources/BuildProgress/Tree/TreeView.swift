// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// The size of a terminal in characters.
public struct TerminalSize: Hashable, Sendable {
    /// Characters in a row.
    public var columns: Int
    /// Rows.
    public var rows: Int

    /// Makes a size; what makes no sense becomes 80 × 24.
    public init(columns: Int, rows: Int) {
        self.columns = columns > 0 ? columns : 80
        self.rows = rows > 0 ? rows : 24
    }
}

/// A build as a tree: what it reads, its stages with their steps, what it writes.
///
/// Stages that are over take one line. Where the terminal is too low, what is over goes first, then output lines, then
/// what waits.
public struct TreeView: Sendable {
    private let style: TerminalStyle
    private let size: TerminalSize
    private let now: Timestamp

    /// Makes a view for a terminal of this size, at this moment.
    public init(style: TerminalStyle, size: TerminalSize, now: Timestamp) {
        self.style = style
        self.size = size
        self.now = now
    }

    /// The lines of a running build, none wider than the terminal and one fewer than it has rows at most.
    public func lines(of state: ProgressState) -> [StyledLine] {
        fitting(state).map { $0.truncated(to: size.columns - 1, mark: style.ellipsis) }
    }

    private func fitting(_ state: ProgressState) -> [StyledLine] {
        let room = max(2, size.rows - 1)
        let rows = rows(of: state)
        // From the most talkative to the tersest form; the first that fits is shown.
        for (output, keepsOver) in [(6, true), (4, true), (2, true), (2, false), (1, false), (0, false)]
        where height(of: rows, output: output, keepsOver: keepsOver) < room {
            return [header(of: state)] + lines(for: rows, output: output, keepsOver: keepsOver)
        }
        let lines = lines(for: rows.filter { $0.isActive }, output: 0, keepsOver: true)
        var shown = [header(of: state)] + lines.suffix(room - 2)
        if lines.count > room - 2 {
            shown.append(StyledLine("   \(style.ellipsis) \(lines.count - (room - 2)) more at work", .quiet))
        }
        return shown
    }

    /// The lines that stay on the screen when the build is over: what ran or went wrong, and the cached as one line.
    public func remainder(of state: ProgressState) -> [StyledLine] {
        var lines: [StyledLine] = []
        var reused = 0
        for item in state.items {
            switch item.status {
            case .reused: reused += 1
            case .running:
                // The build is over, so it was stopped on its way.
                var line = StyledLine("   \(style.waitingMark) ", .quiet)
                line.add(title(of: item, showsStage: true) + "  stopped", .quiet)
                lines.append(justified(line, figures(of: item)))
            case .finished, .failed:
                if case .step = item.id {
                    lines.append(line(for: item, indent: 1, showsStage: true))
                } else if item.nanoseconds(at: now) >= 100_000_000 || item.detail.contains("moved from") {
                    lines.append(line(for: item, indent: 1, showsStage: true))
                }
            case .waiting: break
            }
        }
        if reused > 0, !lines.isEmpty {
            let text = "\(reused) step\(reused == 1 ? "" : "s") cached"
            lines.insert(StyledLine(" \(style.reusedMark) \(text)", .quiet), at: 0)
        }
        return lines
    }
}

extension TreeView {
    /// A row before it is known how much room there is.
    private enum Row {
        case item(ProgressItem, indent: Int)
        case stage(String, [ProgressItem])

        var isActive: Bool {
            switch self {
            case .item(let item, _): item.isRunning
            case .stage: false
            }
        }

        var isOver: Bool {
            switch self {
            case .item(let item, _):
                if case .failed = item.status { false } else { item.isOver }
            case .stage(_, let items): items.allSatisfy(\.isOver)
            }
        }
    }

    /// Sources first, then the steps, those of one stage together, then the exports.
    private func rows(of state: ProgressState) -> [Row] {
        var rows: [Row] = []
        var stages: [String: [ProgressItem]] = [:]
        var order: [String] = []
        var exports: [Row] = []
        for item in state.items {
            switch item.id {
            case .source: rows.append(.item(item, indent: 0))
            case .export: exports.append(.item(item, indent: 0))
            case .step:
                let stage = item.name.stage
                if stages[stage] == nil { order.append(stage) }
                stages[stage, default: []].append(item)
            }
        }
        for stage in order {
            let items = stages[stage] ?? []
            if stage.isEmpty || (items.count == 1 && order.count == 1) {
                rows += items.map { .item($0, indent: 0) }
            } else {
                rows.append(.stage(stage, items))
                if !items.allSatisfy(\.isQuietlyOver) { rows += items.map { .item($0, indent: 1) } }
            }
        }
        return rows + exports
    }

    /// How many lines `lines(for:output:keepsOver:)` gives.
    private func height(of rows: [Row], output: Int, keepsOver: Bool) -> Int {
        var height = 0
        var hides = false
        for row in rows {
            if !keepsOver, row.isOver {
                hides = true
            } else if case .item(let item, _) = row, item.showsOutput {
                height += 1 + min(output, item.tail.count)
            } else {
                height += 1
            }
        }
        return height + (hides ? 1 : 0)
    }

    private func lines(for rows: [Row], output: Int, keepsOver: Bool) -> [StyledLine] {
        var lines: [StyledLine] = []
        var hidden = 0
        for row in rows {
            if !keepsOver, row.isOver {
                hidden += 1
                continue
            }
            switch row {
            case .stage(let name, let items): lines.append(line(forStage: name, items))
            case .item(let item, let indent):
                lines.append(line(for: item, indent: indent, showsStage: false))
                if item.showsOutput { lines += outputLines(of: item, indent: indent, count: output) }
            }
        }
        if hidden > 0 {
            lines.insert(StyledLine(" \(style.doneMark) \(hidden) more done", .quiet), at: 0)
        }
        return lines
    }

    private func header(of state: ProgressState) -> StyledLine {
        let counts = state.counts
        var line = StyledLine(" Building", .strong)
        if let tag = state.tags.first { line.add(" \(tag)", .strong) }
        var facts = ["\(counts.reused + counts.ran)/\(state.stepCount) steps"]
        if counts.reused > 0 { facts.append("\(counts.reused) cached") }
        if counts.failed > 0 { facts.append("\(counts.failed) failed") }
        line.add(style.separator + facts.joined(separator: style.separator), .quiet)
        if !state.warnings.isEmpty {
            line.add(
                style.separator + "\(state.warnings.count) warning\(state.warnings.count == 1 ? "" : "s")",
                .caution
            )
        }
        let elapsed = state.started.map { now.nanoseconds - $0.nanoseconds } ?? 0
        return justified(line, StyledLine(Quantity.duration(elapsed), .strong))
    }

    private func line(forStage name: String, _ items: [ProgressItem]) -> StyledLine {
        let done = items.filter(\.isOver).count
        let reused = items.filter { $0.status == .reused }.count
        var line = StyledLine(" ")
        if items.allSatisfy(\.isQuietlyOver) {
            line.add(reused == items.count ? "\(style.reusedMark) " : "\(style.doneMark) ", .good)
        }
        line.add(name, .strong)
        var facts = "  \(done)/\(items.count)"
        if reused > 0 { facts += reused == items.count ? " cached" : ", \(reused) cached" }
        line.add(facts, .quiet)
        let total = items.reduce(0) { $0 + $1.nanoseconds(at: now) }
        return justified(line, total > 0 ? StyledLine(Quantity.duration(total), .quiet) : StyledLine())
    }

    private func line(for item: ProgressItem, indent: Int, showsStage: Bool) -> StyledLine {
        var line = StyledLine(String(repeating: "  ", count: indent) + " ")
        let tone: Tone
        switch item.status {
        case .waiting:
            line.add("\(style.waitingMark) ", .quiet)
            tone = .quiet
        case .running:
            line.add("\(style.spinner(now.nanoseconds / 100_000_000)) ", .active)
            tone = .plain
        case .reused:
            line.add("\(style.reusedMark) ", .good)
            tone = .quiet
        case .finished:
            line.add("\(style.doneMark) ", .good)
            tone = .plain
        case .failed:
            line.add("\(style.failedMark) ", .bad)
            tone = .bad
        }
        line.add(title(of: item, showsStage: showsStage), tone)
        if !item.detail.isEmpty { line.add("  \(item.detail)", .quiet) }
        return justified(line, figures(of: item))
    }

    private func title(of item: ProgressItem, showsStage: Bool) -> String {
        switch item.id {
        case .source(let identifier):
            return Self.title(ofSource: identifier)
        case .export: return item.name.whole
        case .step:
            if showsStage || item.name.stage.isEmpty { return OutputText.clean(Array(item.name.whole.utf8)) }
            let place = item.name.place.isEmpty ? "" : item.name.place + " "
            return OutputText.clean(Array((place + item.name.text).utf8))
        }
    }

    /// Such as `image debian:12` for `docker-image://docker.io/library/debian:12`.
    private static func title(ofSource identifier: String) -> String {
        if identifier == "local://context" { return "context" }
        if identifier.hasPrefix("local://") { return "context \(identifier.dropFirst("local://".count))" }
        guard identifier.hasPrefix("docker-image://") else { return identifier }
        var name = identifier.dropFirst("docker-image://".count)
        for prefix in ["docker.io/library/", "docker.io/"] where name.hasPrefix(prefix) {
            name = name.dropFirst(prefix.count)
            break
        }
        return "image \(name)"
    }

    /// What stands at the right: bytes, rate and time.
    private func figures(of item: ProgressItem) -> StyledLine {
        var line = StyledLine()
        let elapsed = item.nanoseconds(at: now)
        switch item.status {
        case .waiting: break
        case .reused: line.add("cached", .quiet)
        case .running: line.add(Quantity.duration(elapsed), .active)
        case .finished, .failed:
            if item.bytes > 0, size.columns >= 60 {
                line.add(Quantity.bytes(item.bytes), .quiet)
                let isTransfer = if case .step = item.id { false } else { true }
                if isTransfer, elapsed >= 200_000_000 {
                    let rate = Int64(Double(item.bytes) / (Double(elapsed) / 1e9))
                    line.add(" \(Quantity.bytes(rate))/s", .quiet)
                }
                line.add("  ")
            }
            line.add(Quantity.duration(elapsed), .quiet)
        }
        return line
    }

    private func outputLines(of item: ProgressItem, indent: Int, count: Int) -> [StyledLine] {
        (count > 0 ? item.tail.last(count) : []).map { output in
            var line = StyledLine(String(repeating: "  ", count: indent) + "   \(style.outputBar) ", .quiet)
            line.add(output.text, .quiet)
            return line.truncated(to: size.columns - 1, mark: style.ellipsis)
        }
    }

    private func justified(_ line: StyledLine, _ right: StyledLine) -> StyledLine {
        line.justified(with: right, columns: size.columns - 1, mark: style.ellipsis)
    }
}

extension ProgressItem {
    /// Whether the last lines that it printed matter now.
    fileprivate var showsOutput: Bool {
        if case .failed = status { true } else { isRunning }
    }

    /// Whether it is over and did not fail.
    fileprivate var isQuietlyOver: Bool {
        if case .failed = status { false } else { isOver }
    }
}
