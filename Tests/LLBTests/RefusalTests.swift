// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

@testable import LLB

@Suite("Definitions that are refused")
struct RefusalTests {
    /// A definition of raw operations, closed by one that reads the last of them.
    static func definition(_ operations: [[UInt8]], output: Int64 = 0) -> [UInt8] {
        var out = WireWriter()
        for operation in operations { out.element(1, operation) }
        out.element(1, closing(operations.last.map { ContentDigest(of: $0) }, output))
        return out.bytes
    }

    static func closing(_ digest: ContentDigest?, _ output: Int64 = 0) -> [UInt8] {
        var closing = WireWriter()
        if let digest { closing.input(digest.description, output) }
        return closing.bytes
    }

    static let source = VertexOperation.source(SourceOperation(identifier: "local://a"))
        .encode(inputs: [], platform: nil, constraints: [])

    static func operation(_ field: Int, inputs: [String] = [], _ write: (inout WireWriter) -> Void) -> [UInt8] {
        var out = WireWriter()
        for input in inputs { out.input(input, 0) }
        out.message(field, write)
        return out.bytes
    }

    static func exec(_ write: (inout WireWriter) -> Void = { _ in }, mount: (inout WireWriter) -> Void) -> [UInt8] {
        operation(2) { exec in
            exec.message(1) { $0.texts(1, ["true"]) }
            exec.message(2, mount)
            write(&exec)
        }
    }

    @Test(
        "Bytes that are no definition",
        arguments: [[0x0A], [0x0A, 0x05, 1], [0xFF, 0xFF], Array("FROM scratch\n".utf8)]
    )
    func garbage(bytes: [UInt8]) {
        #expect { try Definition(decoding: bytes) } throws: { ($0 as? LLBError)?.isMalformed == true }
    }

    @Test("No vertices, unless an empty result will do")
    func empty() throws {
        #expect(throws: LLBError.empty) { try Definition(decoding: []) }
        #expect(try Definition(decoding: [], allowingEmpty: true).output == nil)
    }

    @Test("A closing vertex that does something, or names no result")
    func closings() {
        #expect(throws: LLBError.self) { try Definition(decoding: Self.definition([])) }
        var out = WireWriter()
        out.element(1, Self.source)
        out.element(1, Self.source)
        #expect(throws: LLBError.noResult("it has an operation")) { try Definition(decoding: out.bytes) }
    }

    @Test("An operation that is not known, by the number of its field")
    func unknownOperation() {
        let operation = Self.operation(9) { $0.text(1, "future") }
        #expect(
            throws: LLBError.unknownOperation(vertex: ContentDigest(of: operation), what: "the operation of field 9")
        ) {
            try Definition(decoding: Self.definition([operation]))
        }
    }

    @Test("A field that is not known, wherever it is")
    func unknownField() {
        let operation = Self.exec { mount in
            mount.text(3, "/")
            mount.text(99, "future")
        }
        #expect(throws: LLBError.unknownField(vertex: ContentDigest(of: operation), message: "Mount", number: 99)) {
            try Definition(decoding: Self.definition([operation]))
        }
    }

    @Test("Inputs that are not there", arguments: ["sha256:" + String(repeating: "0", count: 64), "md5:00", ""])
    func dangling(input: String) {
        let operation = Self.operation(6, inputs: [input]) { $0.message(1) { _ in } }
        #expect(throws: LLBError.danglingInput(vertex: ContentDigest(of: operation), input: input)) {
            try Definition(decoding: Self.definition([operation]))
        }
    }

    @Test("An output that the input does not have", arguments: [1, -1, Int64.max])
    func missingOutput(index: Int64) {
        let digest = ContentDigest(of: Self.source)
        let closing = ContentDigest(of: Self.closing(digest, index))
        let expected = LLBError.missingOutput(vertex: closing, input: VertexInput(digest: digest, index: Int(index)))
        #expect(throws: expected) { try Definition(decoding: Self.definition([Self.source], output: index)) }
    }

    @Test(
        "Operations that contradict themselves",
        arguments: [
            RefusalTests.operation(2) { _ in },
            RefusalTests.operation(2) { $0.message(1) { $0.texts(1, ["true"]) } },
            RefusalTests.exec { $0.text(3, "/mnt") },
            RefusalTests.exec { mount in
                mount.text(3, "/"); mount.integer(1, 3)
            },
            RefusalTests.exec { mount in
                mount.text(3, "/"); mount.integer(4, -2)
            },
            RefusalTests.exec { mount in
                mount.text(3, "/"); mount.integer(4, Int64.max)
            },
            RefusalTests.exec { mount in
                mount.text(3, "/"); mount.integer(6, 17)
            },
            RefusalTests.exec({ $0.message(2) { $0.text(3, "/b") } }) { $0.text(3, "/") },
            RefusalTests.exec({ $0.integer(3, 9) }) { $0.text(3, "/") },
            RefusalTests.operation(4) { _ in },
            RefusalTests.operation(4) { $0.message(2) { $0.index(1, nil) } },
            RefusalTests.operation(4) {
                $0.message(2) { action in
                    action.integer(1, 5); action.message(6) { _ in }
                }
            },
            RefusalTests.operation(4) {
                $0.message(2) { action in
                    action.index(1, nil); action.integer(3, 1); action.message(6) { _ in }
                }
            },
            RefusalTests.operation(7) { _ in },
            RefusalTests.operation(8) { $0.text(1, "id") },
        ]
    )
    func invalid(operation: [UInt8]) {
        #expect { try Definition(decoding: Self.definition([operation])) } throws: {
            if case .invalid(let vertex, let reason)? = $0 as? LLBError {
                vertex == ContentDigest(of: operation) && !reason.isEmpty
            } else {
                false
            }
        }
    }

    @Test("A vertex that is there twice")
    func twice() {
        #expect(throws: LLBError.self) { try Definition(decoding: Self.definition([Self.source, Self.source])) }
    }

    @Test("Too many vertices, too many bytes, definitions too deep within each other")
    func limits() {
        let many = [[UInt8]](repeating: [], count: Definition.maximumVertexCount + 1)
        #expect(throws: LLBError.tooLarge(what: "vertices", limit: Definition.maximumVertexCount)) {
            try Definition(decoding: Self.definition(many))
        }
        let zeros = [UInt8](repeating: 0, count: Definition.maximumEncodedSize + 1)
        #expect(throws: LLBError.tooLarge(what: "bytes", limit: Definition.maximumEncodedSize)) {
            try Definition(decoding: zeros)
        }
        var nested = Self.definition([Self.source])
        for _ in 0..<20 {
            let inner = nested
            nested = Self.definition([
                Self.operation(5) { build in
                    build.index(1, nil); build.element(3, inner)
                }
            ])
        }
        #expect(throws: LLBError.tooLarge(what: "nested definitions", limit: 8)) { try Definition(decoding: nested) }
    }

    @Test("A ring, and nothing but a ring")
    func rings() throws {
        #expect(throws: VertexOrder.Ring(node: 0)) { try VertexOrder.postorder(from: [0], edges: [[1], [2], [0]]) }
        #expect(throws: VertexOrder.Ring(node: 1)) { try VertexOrder.postorder(from: [0], edges: [[1], [1]]) }
        #expect(try VertexOrder.postorder(from: [3], edges: [[], [0], [0], [1, 2], [3]]) == [0, 1, 2, 3])
        let chain = (0..<100_000).map { $0 == 0 ? [] : [$0 - 1] }
        #expect(try VertexOrder.postorder(from: [99_999], edges: chain).count == 100_000)
    }

    @Test("A builder refuses an output that nobody made")
    func builder() {
        var builder = DefinitionBuilder()
        let made = builder.add(.source(SourceOperation(identifier: "local://a")))
        #expect(throws: LLBError.self) { try builder.finish(output: VertexInput(digest: ContentDigest(of: "x"))) }
        #expect(throws: LLBError.self) { try builder.finish(output: VertexInput(digest: made.digest, index: 1)) }
        #expect(throws: Never.self) { try builder.finish(output: made) }
    }
}

extension WireWriter {
    fileprivate mutating func input(_ digest: String, _ index: Int64) {
        message(1) { message in
            message.text(1, digest)
            message.integer(2, index)
        }
    }
}

extension LLBError {
    fileprivate var isMalformed: Bool { if case .malformed = self { true } else { false } }
}
