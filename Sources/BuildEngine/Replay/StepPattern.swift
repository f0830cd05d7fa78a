// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel

/// Finds steps of a record by what a person calls them.
struct StepPattern {
    /// The text that was given.
    let text: String

    private var isGlob: Bool { text.contains("*") || text.contains("?") }

    /// The steps that are meant, in their order.
    ///
    /// With `*` (anything) or `?` (one character) it has to match a whole name. Else it is a number from 1 as
    /// `reel history inspect` shows it, the start (4 digits or more) of a vertex digest, or a part of a name.
    func steps(in ordered: [StepKeyed]) -> [StepKeyed] {
        if isGlob { return ordered.filter { Self.matches(Array($0.name.utf8), Array(text.utf8)) } }
        if text.utf8.count < 6, let number = Int(text), number >= 1 {
            return number <= ordered.count ? [ordered[number - 1]] : []
        }
        let hex = text.hasPrefix("sha256:") ? String(text.dropFirst("sha256:".count)) : text
        let named = ordered.filter { hex.utf8.count >= 4 && $0.vertex.hex.hasPrefix(hex) }
        return named.isEmpty ? ordered.filter { $0.name.contains(text) } : named
    }

    /// Whether `pattern` matches all of `name`; time is at most the product of both lengths.
    private static func matches(_ name: [UInt8], _ pattern: [UInt8]) -> Bool {
        var (at, place) = (0, 0)
        var star: (place: Int, at: Int)?
        while at < name.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                star = (place, at)
                place += 1
            } else if place < pattern.count, pattern[place] == UInt8(ascii: "?") || pattern[place] == name[at] {
                place += 1
                at += 1
            } else if let last = star {
                star = (last.place, last.at + 1)
                place = last.place + 1
                at = last.at + 1
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

/// A choice of steps that means none, or more than one where one is asked for.
struct StepChoiceError: Fault, Equatable {
    let build: BuildID
    let text: String
    let candidates: [String]
    var kind: FaultKind { .usage }
    var description: String {
        if candidates.isEmpty {
            return "build \(build) has no step '\(text)'; 'reel history inspect \(build)' lists its steps"
        }
        let names = candidates.prefix(4).joined(separator: "; ")
        return "'\(text)' means \(candidates.count) steps of build \(build) (\(names)); give more of the name"
    }
}

extension StepSelection {
    /// The vertices that are executed; `nil` for all.
    ///
    /// - Throws: `StepChoiceError`.
    func vertices(in recorded: BuildRecord) throws -> Set<ContentDigest>? {
        let ordered = recorded.keyed
        switch self {
        case .all: return nil
        case .vertices(let vertices): return vertices
        case .matching(let text):
            let steps = StepPattern(text: text).steps(in: ordered)
            guard !steps.isEmpty else { throw StepChoiceError(build: recorded.id, text: text, candidates: []) }
            return Set(steps.map(\.vertex))
        case .from(let text):
            let steps = StepPattern(text: text).steps(in: ordered)
            guard let first = steps.first, steps.count == 1,
                let place = ordered.firstIndex(where: { $0.vertex == first.vertex })
            else { throw StepChoiceError(build: recorded.id, text: text, candidates: steps.map(\.name)) }
            return Set(ordered[place...].map(\.vertex))
        }
    }
}
