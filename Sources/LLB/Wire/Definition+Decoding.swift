// SPDX-License-Identifier: Apache-2.0

import BuildModel
import FoundationEssentials
import LLBProto
import SwiftProtobuf

extension Definition {
    /// How deep definitions lie within each other, in build operations and source texts.
    private static let maximumNesting = 8

    /// Reads and checks a serialized definition.
    static func decode(_ bytes: [UInt8], allowingEmpty: Bool) throws(LLBError) -> Definition {
        guard bytes.count <= maximumEncodedSize else { throw .tooLarge(what: "bytes", limit: maximumEncodedSize) }
        let message: PBDefinition
        do {
            message = try PBDefinition(serializedBytes: bytes)
        } catch {
            throw .malformed("it does not decode as a definition")
        }
        if message.def.isEmpty, !allowingEmpty { throw .empty }
        return try decode(message, nesting: 0, original: bytes)
    }

    /// Reads and checks a definition, which lies within `nesting` others.
    static func decode(
        _ message: PBDefinition,
        nesting: Int,
        original: [UInt8]? = nil
    ) throws(LLBError) -> Definition {
        guard nesting < maximumNesting else { throw .tooLarge(what: "nested definitions", limit: maximumNesting) }
        guard message.def.count <= maximumVertexCount else {
            throw .tooLarge(what: "vertices", limit: maximumVertexCount)
        }
        var decoder = DefinitionDecoder(message: message, nesting: nesting, original: original)
        return try decoder.decode()
    }
}

/// Reads one definition.
struct DefinitionDecoder {
    let message: PBDefinition
    let nesting: Int
    let original: [UInt8]?
    private var vertices: [Vertex] = []
    private var indexes: [ContentDigest: Int] = [:]
    private var described: Set<ContentDigest> = []
    private var located: Set<ContentDigest> = []
    private var metadata: [String: VertexMetadata] = [:]
    private var locations: [String: [SourceLocation]] = [:]

    init(message: PBDefinition, nesting: Int, original: [UInt8]?) {
        self.message = message
        self.nesting = nesting
        self.original = original
    }

    mutating func decode() throws(LLBError) -> Definition {
        try refuseUnknownFields(message, named: "Definition")
        let sources = try readSources()
        guard let last = message.def.last else { return Definition.empty(sources: sources) }
        let closingBytes = Array(last)
        let closing = ContentDigest(of: closingBytes)
        for (digest, entry) in message.metadata { metadata[digest] = try VertexMetadata(entry) }
        for data in message.def.dropLast() { try readVertex(Array(data)) }
        let output = try readClosing(closingBytes, digest: closing)
        let outputMetadata = takeMetadata(of: closing)
        return Definition(
            vertices: try Definition.order(output, closing: closing, of: vertices, indexes: indexes),
            output: output,
            sources: sources,
            outputMetadata: outputMetadata,
            wireOrder: vertices,
            closingBytes: closingBytes,
            described: described,
            located: located,
            extraMetadata: metadata,
            extraLocations: locations,
            hasSourceMessage: message.hasSource,
            original: original,
            indexes: indexes
        )
    }

    private mutating func readVertex(_ bytes: [UInt8]) throws(LLBError) {
        let digest = ContentDigest(of: bytes)
        guard indexes[digest] == nil else {
            throw .invalid(vertex: digest, reason: "it is there twice; a vertex is written once")
        }
        let decoder = try VertexDecoder(bytes: bytes, digest: digest, nesting: nesting)
        indexes[digest] = vertices.count
        let places = locations.removeValue(forKey: digest.description)
        if places != nil { located.insert(digest) }
        vertices.append(
            Vertex(
                digest: digest,
                bytes: bytes,
                inputs: decoder.inputs,
                operation: try decoder.operation(),
                platform: try decoder.platform(),
                constraints: try decoder.constraints(),
                metadata: takeMetadata(of: digest),
                locations: places ?? []
            )
        )
    }

    private mutating func takeMetadata(of digest: ContentDigest) -> VertexMetadata {
        guard let found = metadata.removeValue(forKey: digest.description) else { return VertexMetadata() }
        described.insert(digest)
        return found
    }

    private func readClosing(_ bytes: [UInt8], digest: ContentDigest) throws(LLBError) -> VertexInput {
        let decoder = try VertexDecoder(bytes: bytes, digest: digest, nesting: nesting)
        guard decoder.message.op == nil else { throw .noResult("it has an operation") }
        guard let output = decoder.inputs.first else { throw .noResult("it has no input") }
        guard decoder.inputs.count == 1 else { throw .noResult("it has \(decoder.inputs.count) inputs") }
        return output
    }

    private mutating func readSources() throws(LLBError) -> [SourceText] {
        guard message.hasSource else { return [] }
        try refuseUnknownFields(message.source, named: "Source")
        var sources: [SourceText] = []
        for info in message.source.infos {
            try refuseUnknownFields(info, named: "SourceInfo")
            var definition: Definition?
            if info.hasDefinition { definition = try Definition.decode(info.definition, nesting: nesting + 1) }
            sources.append(
                SourceText(
                    filename: info.filename,
                    data: Array(info.data),
                    language: info.language,
                    definition: definition
                )
            )
        }
        for (digest, entry) in message.source.locations {
            locations[digest] = try entry.locations.map { place throws(LLBError) in
                guard sources.indices.contains(Int(place.sourceIndex)) else {
                    throw .malformed("a location names source text \(place.sourceIndex), which is not there")
                }
                return SourceLocation(place)
            }
        }
        return sources
    }
}

/// Refuses a message with fields that are not known here, since what they ask for would be left out.
func refuseUnknownFields(
    _ message: borrowing some Message,
    named name: String,
    of vertex: ContentDigest? = nil
) throws(LLBError) {
    guard !message.unknownFields.data.isEmpty else { return }
    var number = 0
    for (position, byte) in message.unknownFields.data.prefix(5).enumerated() {
        number |= Int(byte & 0x7F) << (7 * position)
        if byte & 0x80 == 0 { break }
    }
    guard let vertex else { throw .malformed("field \(number >> 3) of \(name) is not known") }
    throw .unknownField(vertex: vertex, message: name, number: number >> 3)
}

extension VertexMetadata {
    init(_ message: PBOpMetadata) throws(LLBError) {
        try refuseUnknownFields(message, named: "OpMetadata")
        self.init(description: message.description_p, ignoresCache: message.ignoreCache)
        capabilities = message.caps
        if message.hasExportCache { exportsCache = message.exportCache.value }
        if message.hasProgressGroup {
            let group = message.progressGroup
            progressGroup = ProgressGroup(id: group.id, name: group.name, isWeak: group.weak)
        }
        if message.hasLinuxResources {
            let limits = message.linuxResources
            resources = ResourceAllowance(
                memory: limits.memory,
                memoryAndSwap: limits.memorySwap,
                cpuShares: limits.cpuShares,
                cpuPeriod: limits.cpuPeriod,
                cpuQuota: limits.cpuQuota,
                cpus: limits.cpusetCpus,
                memoryNodes: limits.cpusetMems
            )
        }
    }
}

extension SourceLocation {
    fileprivate init(_ message: PBLocation) {
        self.init(
            source: Int(message.sourceIndex),
            ranges: message.ranges.map { range in
                SourceRange(
                    start: SourcePosition(line: range.start.line, character: range.start.character),
                    end: SourcePosition(line: range.end.line, character: range.end.character)
                )
            }
        )
    }
}
