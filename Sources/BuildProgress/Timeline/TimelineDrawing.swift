// SPDX-License-Identifier: Apache-2.0

/// A timeline as a picture in SVG that needs nothing beside itself.
public struct TimelineDrawing: Sendable {
    private let timeline: Timeline
    private let title: String

    private static let width = 1200
    private static let labels = 400
    private static let row = 22
    private static let top = 92
    private static let chart = width - labels - 110

    /// Draws `timeline` under a line of text.
    public init(_ timeline: Timeline, title: String) {
        self.timeline = timeline
        self.title = title
    }

    /// The picture.
    public var svg: String {
        let height = Self.top + max(1, timeline.spans.count) * Self.row + 24
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(Self.width)" height="\(height)" \
            viewBox="0 0 \(Self.width) \(height)" font-family="system-ui, sans-serif" font-size="12">
            <rect width="\(Self.width)" height="\(height)" fill="#ffffff"/>
            <text x="16" y="26" font-size="15" font-weight="600" fill="#1a1a1a">\(Self.escaped(title))</text>

            """
        text += legend
        text += ticks(height: height)
        for (index, span) in timeline.spans.enumerated() { text += row(span, index: index) }
        return text + "</svg>\n"
    }

    /// A page with the picture in it.
    public var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>\(Self.escaped(title))</title></head>
        <body style="margin:0">
        \(svg)</body></html>

        """
    }

    private var legend: String {
        let entries: [(String, String)] = [
            ("#4c78a8", "source"), ("#59a14f", "ran"), ("#9a9a9a", "cached"), ("#d62728", "failed or cut off"),
            ("#8c6bb1", "export"),
        ]
        var text = ""
        var x = 16
        for (color, word) in entries {
            text += "<rect x=\"\(x)\" y=\"42\" width=\"12\" height=\"12\" rx=\"2\" fill=\"\(color)\"/>"
            text += "<text x=\"\(x + 18)\" y=\"52\" fill=\"#444\">\(word)</text>\n"
            x += 34 + word.count * 7
        }
        let critical = timeline.spans.filter(\.isCritical).reduce(0) { $0 + $1.end - $1.start }
        text +=
            "<rect x=\"\(x)\" y=\"42\" width=\"12\" height=\"12\" rx=\"2\" fill=\"none\" stroke=\"#e8730c\" stroke-width=\"3\"/>"
        text += "<text x=\"\(x + 18)\" y=\"52\" fill=\"#444\">critical path, \(Quantity.duration(critical)) of "
        return text + "\(Quantity.duration(timeline.length))</text>\n"
    }

    /// Lines at round times, about six of them.
    private func ticks(height: Int) -> String {
        var text = ""
        let step = Self.step(for: timeline.length)
        for time in stride(from: Int64(0), through: max(timeline.length, 1), by: Int(step)) {
            let x = position(time)
            text += "<line x1=\"\(x)\" y1=\"\(Self.top - 8)\" x2=\"\(x)\" y2=\"\(height - 16)\" stroke=\"#e4e4e4\"/>"
            text += "<text x=\"\(x)\" y=\"\(Self.top - 14)\" fill=\"#777\" text-anchor=\"middle\">"
            text += "\(time == 0 ? "0" : Quantity.duration(time))</text>\n"
        }
        return text
    }

    private static func step(for length: Int64) -> Int64 {
        var step: Int64 = 1_000_000
        // 1, 2, 5, 10 … ms; then minutes would be nicer, but a step of 50 s reads well enough.
        let factors: [Int64] = [2, 5, 10]
        var base: Int64 = 1_000_000
        while length / step > 7 {
            for factor in factors {
                step = base * factor
                if length / step <= 7 { break }
            }
            base *= 10
        }
        return step
    }

    private func position(_ time: Int64) -> Int {
        let length = max(1, timeline.length)
        return Self.labels + Int(Double(time) / Double(length) * Double(Self.chart))
    }

    private func row(_ span: Timeline.Span, index: Int) -> String {
        let y = Self.top + index * Self.row
        let (x, end) = (position(span.start), position(span.end))
        let width = max(3, end - x)
        let color =
            switch span.kind {
            case .source: "#4c78a8"
            case .step: "#59a14f"
            case .cached: "#9a9a9a"
            case .failed: "#d62728"
            case .export: "#8c6bb1"
            }
        let time = span.kind == .cached ? "cached" : Quantity.duration(span.end - span.start)
        let weight = span.isCritical ? " font-weight=\"600\"" : ""
        let outline = span.isCritical ? " stroke=\"#e8730c\" stroke-width=\"3\"" : ""
        let shown = DisplayWidth.truncated(span.name, to: 54)
        return """
            <g><title>\(Self.escaped("\(span.name): \(time)"))</title>\
            <text x="\(Self.labels - 12)" y="\(y + 15)" text-anchor="end" fill="#1a1a1a"\(weight)>\(Self.escaped(shown))</text>\
            <rect x="\(x)" y="\(y + 3)" width="\(width)" height="\(Self.row - 6)" rx="3" fill="\(color)"\(outline)/>\
            <text x="\(x + width + 8)" y="\(y + 15)" fill="#555"\(weight)>\(time)</text></g>

            """
    }

    /// Text for XML: marks as references, what XML forbids left out.
    private static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": out += "\u{FFFD}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
