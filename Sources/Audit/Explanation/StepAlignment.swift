// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB

/// Which step of one build is which of another.
///
/// Equal vertices are one step. Else the steps of each stage are laid beside each other as the lines of two texts are;
/// between what agrees, steps with the same instruction are paired in order.
struct StepAlignment {
    /// The older build's step for each of the newer build's, by vertex.
    private(set) var old: [ContentDigest: ContentDigest] = [:]
    /// The newer build's step for each of the older build's.
    private(set) var new: [ContentDigest: ContentDigest] = [:]

    /// Aligns steps that are in the order of their graphs.
    init(old before: [Vertex], new after: [Vertex]) {
        let known = Set(before.map(\.digest))
        for step in after where known.contains(step.digest) { pair(step.digest, step.digest) }
        let (left, right) = (before.map(Line.init), after.map(Line.init))
        for stage in Set(right.map(\.stage)).sorted() {
            align(left.filter { $0.stage == stage }, right.filter { $0.stage == stage })
        }
        // What is left is of a stage that has another name now.
        align(left.filter { new[$0.vertex] == nil }, right.filter { old[$0.vertex] == nil })
    }

    private mutating func align(_ left: [Line], _ right: [Line]) {
        var at = (left: 0, right: 0)
        for (i, j) in Self.common(left.map(\.body), right.map(\.body)) + [(left.count, right.count)] {
            pairGap(Array(left[at.left..<i]), Array(right[at.right..<j]))
            if i < left.count, j < right.count { pair(left[i].vertex, right[j].vertex) }
            at = (i + 1, j + 1)
        }
    }

    private mutating func pair(_ before: ContentDigest, _ after: ContentDigest) {
        guard old[after] == nil, new[before] == nil else { return }
        old[after] = before
        new[before] = after
    }

    private mutating func pairGap(_ before: [Line], _ after: [Line]) {
        var rest = before.filter { new[$0.vertex] == nil }
        for line in after where old[line.vertex] == nil {
            guard let place = rest.firstIndex(where: { $0.verb == line.verb }) else {
                continue
            }
            pair(rest[place].vertex, line.vertex)
            rest.removeSubrange(...place)
        }
    }

    /// The indexes of a longest common subsequence.
    private static func common(_ left: [String], _ right: [String]) -> [(Int, Int)] {
        // Beyond this size a table costs more than the answer is worth; equal vertices are paired all the same.
        guard left.count * right.count <= 4_000_000 else { return [] }
        var lengths = Array(repeating: Array(repeating: 0, count: right.count + 1), count: left.count + 1)
        for i in left.indices.reversed() {
            for j in right.indices.reversed() {
                lengths[i][j] =
                    left[i] == right[j] ? lengths[i + 1][j + 1] + 1 : max(lengths[i + 1][j], lengths[i][j + 1])
            }
        }
        var pairs: [(Int, Int)] = []
        var (i, j) = (0, 0)
        while i < left.count, j < right.count {
            if left[i] == right[j] {
                pairs.append((i, j))
                (i, j) = (i + 1, j + 1)
            } else if lengths[i + 1][j] >= lengths[i][j + 1] {
                i += 1
            } else {
                j += 1
            }
        }
        return pairs
    }
}

/// A step's name in parts: `[stage 2/5] RUN make`.
private struct Line {
    let vertex: ContentDigest
    /// What stands in the brackets, without the numbers, which change whenever a step is added.
    let stage: String
    /// The rest.
    let body: String

    var verb: Substring { body.prefix { $0 != " " } }

    init(_ step: Vertex) {
        vertex = step.digest
        let (brackets, rest) = StepName.parts(step.name)
        (stage, body) = (brackets, rest)
    }
}
