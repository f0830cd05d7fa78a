// SPDX-License-Identifier: Apache-2.0

import BuildModel
import EventSamples
import Testing

@testable import BuildEvents

/// RFC 6962, section 2.1, word by word.
private enum Definition {
    static func split(_ count: Int) -> Int {
        var power = 1
        while power * 2 < count { power *= 2 }
        return power
    }

    static func root(_ leaves: ArraySlice<[UInt8]>) -> ContentDigest {
        if leaves.isEmpty { return ContentDigest(of: [] as [UInt8]) }
        if leaves.count == 1, let only = leaves.first { return ContentDigest(of: [0] + only) }
        let middle = leaves.startIndex + split(leaves.count)
        return ContentDigest(of: [1] + root(leaves[..<middle]).bytes + root(leaves[middle...]).bytes)
    }

    static func path(_ index: Int, _ leaves: ArraySlice<[UInt8]>) -> [ContentDigest] {
        if leaves.count == 1 { return [] }
        let half = split(leaves.count)
        let middle = leaves.startIndex + half
        return index < half
            ? path(index, leaves[..<middle]) + [root(leaves[middle...])]
            : path(index - half, leaves[middle...]) + [root(leaves[..<middle])]
    }

    static func proof(_ size: Int, _ leaves: ArraySlice<[UInt8]>, _ whole: Bool) -> [ContentDigest] {
        if size == leaves.count { return whole ? [] : [root(leaves)] }
        let half = split(leaves.count)
        let middle = leaves.startIndex + half
        return size <= half
            ? proof(size, leaves[..<middle], whole) + [root(leaves[middle...])]
            : proof(size - half, leaves[middle...], false) + [root(leaves[..<middle])]
    }
}

@Suite struct MerkleTests {
    private static let largest = 67
    private let leaves: [[UInt8]]
    private var nodes: [MerkleNode: ContentDigest] = [:]
    private var order: [Int64] = []

    init() {
        leaves = (0..<Self.largest).map { Array("leaf \($0)".utf8) }
        var frontier = MerkleFrontier()
        for (index, leaf) in leaves.enumerated() {
            nodes[MerkleNode(level: 0, index: Int64(index))] = MerkleTree.leafHash(leaf)
            frontier.append(MerkleTree.leafHash(leaf)) { node, hash in
                nodes[node] = hash
                order.append(node.order)
            }
        }
    }

    private func node(_ node: MerkleNode) throws -> ContentDigest { try #require(nodes[node]) }

    @Test("The hash of nothing, of one leaf, and of a known tree are the published ones")
    func vectors() {
        // The test vectors of certificate-transparency's reference implementation: eight inputs.
        let inputs: [[UInt8]] = [
            [], [0], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43], Array(0x50...0x57),
            Array(0x60...0x6F),
        ]
        var frontier = MerkleFrontier()
        #expect(frontier.root.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        frontier.append(MerkleTree.leafHash(inputs[0]))
        #expect(frontier.root.hex == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
        for input in inputs.dropFirst() { frontier.append(MerkleTree.leafHash(input)) }
        #expect(frontier.root.hex == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
    }

    @Test("Nodes become complete in the order of their numbers, without gaps")
    func numbers() { #expect(order == Array(1...Int64(order.count))) }

    @Test("Roots equal the definition", arguments: 0...largest)
    func roots(size: Int) throws {
        let expected = Definition.root(leaves[..<size])
        #expect(try MerkleTree.root(size: Int64(size), node: node) == expected)
        #expect(try MerkleFrontier(size: Int64(size), node: node).root == expected)
    }

    @Test("Inclusion paths equal the definition, hold, and hold for nothing else", arguments: 1...largest)
    func inclusion(size: Int) throws {
        let root = Definition.root(leaves[..<size])
        for index in 0..<size {
            let path = try MerkleTree.inclusionPath(index: Int64(index), size: Int64(size), node: node)
            #expect(path == Definition.path(index, leaves[..<size]))
            let leaf = MerkleTree.leafHash(leaves[index])
            let proof = InclusionProof(seq: Int64(index + 1), leaf: leaf, size: Int64(size), path: path)
            #expect(proof.isValid(root: root))
            #expect(!proof.isValid(root: leaf) || size == 1)
            for wrong in wrongs(of: proof) { #expect(!wrong.isValid(root: root)) }
        }
    }

    private func wrongs(of proof: InclusionProof) -> [InclusionProof] {
        var all: [InclusionProof] = []
        for seq in [proof.seq - 1, proof.seq + 1, 0, proof.size + 1] where proof.size > 1 {
            var wrong = proof
            wrong.seq = seq
            all.append(wrong)
        }
        var wrong = proof
        wrong.leaf = EventSamples.digest("other")
        all.append(wrong)
        wrong = proof
        wrong.path.append(proof.leaf)
        all.append(wrong)
        for place in proof.path.indices {
            wrong = proof
            wrong.path[place] = EventSamples.digest("other")
            all.append(wrong)
            wrong = proof
            wrong.path.remove(at: place)
            all.append(wrong)
        }
        return all
    }

    @Test("Consistency paths equal the definition, hold, and hold for nothing else", arguments: 0...largest)
    func consistency(to: Int) throws {
        let newer = Definition.root(leaves[..<to])
        for from in 0...to {
            let older = Definition.root(leaves[..<from])
            let path = from == 0 ? [] : try MerkleTree.consistencyPath(from: Int64(from), to: Int64(to), node: node)
            if from > 0 { #expect(path == Definition.proof(from, leaves[..<to], true)) }
            let proof = ConsistencyProof(from: Int64(from), to: Int64(to), path: path)
            #expect(proof.isValid(older: older, newer: newer))
            guard from > 0 else { continue }
            #expect(!proof.isValid(older: EventSamples.digest("x"), newer: newer))
            #expect(!proof.isValid(older: older, newer: EventSamples.digest("x")))
            for place in path.indices {
                var wrong = proof
                wrong.path[place] = EventSamples.digest("other")
                #expect(!wrong.isValid(older: older, newer: newer))
                wrong = proof
                wrong.path.remove(at: place)
                #expect(!wrong.isValid(older: older, newer: newer))
            }
        }
    }
}
