// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB

/// A fault with the place in the Dockerfile that it is about.
struct PlacedFault: Fault, Equatable {
    let kind: FaultKind
    /// The place, what is wrong, the line and a caret.
    let description: String

    /// Adds the place of `vertex`, where the definition knows it.
    init(_ fault: any Fault, at vertex: Vertex, of definition: Definition) {
        kind = fault.kind
        description = Self.place(of: vertex, in: definition).map { $0.showing(fault.description) } ?? fault.description
    }

    private struct Place {
        var file: String
        var line: Int
        var column: Int
        var text: String

        func showing(_ message: String) -> String {
            let margin = String(repeating: " ", count: String(line).count)
            let before = text.prefix(column - 1).map { $0 == "\t" ? "\t" : " " }.joined()
            let word = text.dropFirst(column - 1).prefix { $0 != " " && $0 != "\t" }
            let carets = String(repeating: "^", count: max(1, word.count))
            return "\(file):\(line):\(column): \(message)\n \(line) | \(text)\n \(margin) | \(before)\(carets)"
        }
    }

    private static func place(of vertex: Vertex, in definition: Definition) -> Place? {
        guard let location = vertex.locations.first, definition.sources.indices.contains(location.source),
            let start = location.ranges.first?.start, start.line > 0
        else { return nil }
        let source = definition.sources[location.source]
        let lines = String(decoding: source.data, as: UTF8.self).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        let index = Int(start.line) - 1
        guard lines.indices.contains(index) else { return nil }
        let text = lines[index].hasSuffix("\r") ? String(lines[index].dropLast()) : String(lines[index])
        let indent = text.prefix { $0 == " " || $0 == "\t" }.count
        return Place(file: source.filename, line: Int(start.line), column: indent + 1, text: text)
    }
}
