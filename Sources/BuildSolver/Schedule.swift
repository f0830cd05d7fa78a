// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// Which vertices may start, given which have finished.
///
/// Every operation costs time proportional to the edges it touches, so a graph of any size is scheduled in linear time.
public struct Schedule: Sendable {
    private var missing: [ContentDigest: Int] = [:]
    private var dependents: [ContentDigest: [ContentDigest]] = [:]
    private var ready: [ContentDigest] = []

    /// How many vertices have not finished.
    public private(set) var unfinished: Int

    /// Makes a schedule of vertices and the vertices that each reads.
    ///
    /// - Parameter inputs: The graph; every input is itself a key. A cycle never becomes ready.
    public init(inputs: [(vertex: ContentDigest, reads: Set<ContentDigest>)]) {
        unfinished = inputs.count
        for (vertex, reads) in inputs {
            missing[vertex] = reads.count
            if reads.isEmpty { ready.append(vertex) }
            for input in reads.sorted() { dependents[input, default: []].append(vertex) }
        }
    }

    /// Removes and returns the vertices that wait for nothing, in the order in which they came to wait for nothing.
    public mutating func takeReady() -> [ContentDigest] {
        defer { ready.removeAll() }
        return ready
    }

    /// Records that `vertex` has finished, so that its dependents stop waiting for it.
    public mutating func finish(_ vertex: ContentDigest) {
        unfinished -= 1
        for dependent in dependents.removeValue(forKey: vertex) ?? [] {
            guard let left = missing[dependent] else { continue }
            missing[dependent] = left - 1
            if left == 1 { ready.append(dependent) }
        }
    }
}
