// SPDX-License-Identifier: Apache-2.0

import BuildModel
import FileOperations
import LLB
import Layers
import OCIModel
import Testing

@Suite("Merge and diff")
struct StackTests {
    let fixture: FileOperationFixture
    let base: Snapshot

    init() throws {
        fixture = try FileOperationFixture()
        base = try fixture.snapshot("d a 755", "f a/x 644 X", "f a/y 644 Y", "d b 755", "f b/z 644 Z", "f t 644 T")
    }

    @Test("A merge has every layer of every input, the last on top")
    func merge() throws {
        let other = try fixture.snapshot("f t 600 other", "f u 644 U")
        let result = try fixture.executor().merge(MergeOperation(inputs: [0, nil, 1]), inputs: [base, other])
        #expect(result.layers == base.layers + other.layers)
        #expect(try fixture.list(result).contains("f t 600 other"))
        #expect(throws: FileOperationError.self) {
            try fixture.executor().merge(MergeOperation(inputs: [2]), inputs: [base])
        }
    }

    func diff(_ lower: Snapshot, _ upper: Snapshot) throws -> Snapshot {
        try fixture.executor().diff(DiffOperation(lower: 0, upper: 1), inputs: [lower, upper])
    }

    @Test("A diff of a stack and one that goes on from it is the rest of the layers")
    func prefix() throws {
        let upper = try fixture.run([.makeFile(MakeFileAction(path: "/n", mode: 0o644, data: [1]))], on: [base])
            .snapshot
        #expect(try diff(base, upper).layers == Array(upper.layers.dropFirst()))
        #expect(try diff(base, base) == .scratch)
        #expect(try diff(.scratch, upper) == upper)
        let onlyUpper = try fixture.executor().diff(DiffOperation(lower: nil, upper: 0), inputs: [upper])
        #expect(onlyUpper == upper)
    }

    @Test("A diff of unrelated stacks turns the one into the other, and says no more than that")
    func computed() throws {
        let upper = try fixture.snapshot(
            "d a 700",
            "f a/x 644 X",
            "f a/y 644 changed",
            "f b 644 now-a-file",
            "d n 755",
            "f n/1 644 1",
            "h n/2 n/1",
            "f t 644 T"
        )
        let result = try diff(base, upper)
        #expect(result.layers.count == 1)
        #expect(
            try fixture.list(fixture.store.bareView(#require(result.layers.first))) == [
                "d a 700", "f a/y 644 changed", "f b 644 now-a-file", "d n 755", "f n/1 644 1", "h n/2 n/1",
            ]
        )
        let stacked = try fixture.executor().merge(MergeOperation(inputs: [0, 1]), inputs: [base, result])
        #expect(try fixture.list(stacked) == fixture.list(upper))
    }

    @Test("What is missing above is a whiteout")
    func removed() throws {
        let upper = try fixture.snapshot("d a 755", "f a/y 644 Y", "f t 644 T")
        let result = try diff(base, upper)
        #expect(try fixture.list(fixture.store.bareView(#require(result.layers.first))) == ["d a 755", "w a/x", "w b"])
        let nothing = try fixture.executor().diff(DiffOperation(lower: 0, upper: nil), inputs: [base])
        #expect(try fixture.list(fixture.store.bareView(#require(nothing.layers.first))) == ["w a", "w b", "w t"])
    }
}
