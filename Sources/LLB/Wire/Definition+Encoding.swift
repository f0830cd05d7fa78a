// SPDX-License-Identifier: Apache-2.0

import BuildModel

extension Definition {
    /// Writes the fields of `Definition`.
    func encode() -> [UInt8] {
        guard output != nil else { return [] }
        var out = WireWriter()
        for vertex in wireOrder { out.element(1, vertex.bytes) }
        out.element(1, closingBytes)
        var metadata = extraMetadata
        for vertex in wireOrder where described.contains(vertex.digest) {
            metadata[vertex.digest.description] = vertex.metadata
        }
        let closing = ContentDigest(of: closingBytes)
        if described.contains(closing) { metadata[closing.description] = outputMetadata }
        out.map(2, metadata) { entry, metadata in entry.message(2) { metadata.write(to: &$0) } }
        if hasSourceMessage { out.message(3) { writeSources(to: &$0) } }
        return out.bytes
    }

    private func writeSources(to out: inout WireWriter) {
        var locations = extraLocations
        for vertex in wireOrder where located.contains(vertex.digest) {
            locations[vertex.digest.description] = vertex.locations
        }
        out.map(1, locations) { entry, places in
            entry.message(2) { message in
                for place in places { message.message(1) { place.write(to: &$0) } }
            }
        }
        for source in sources {
            out.message(2) { message in
                message.text(1, source.filename)
                message.data(2, source.data)
                if let definition = source.definition { message.element(3, definition.encoded) }
                message.text(4, source.language)
            }
        }
    }
}

extension VertexMetadata {
    fileprivate func write(to out: inout WireWriter) {
        out.boolean(1, ignoresCache)
        out.map(2, description) { $0.element(2, $1.utf8) }
        if let exportsCache { out.message(4) { $0.boolean(1, exportsCache) } }
        out.map(5, capabilities) { $0.forced(2, $1 ? 1 : 0) }
        if let group = progressGroup {
            out.message(6) { message in
                message.text(1, group.id)
                message.text(2, group.name)
                message.boolean(3, group.isWeak)
            }
        }
        if let resources { out.message(7) { resources.write(to: &$0) } }
    }
}

extension ResourceAllowance {
    fileprivate func write(to out: inout WireWriter) {
        out.integer(1, memory)
        out.integer(2, memoryAndSwap)
        out.unsigned(3, cpuShares)
        out.unsigned(4, cpuPeriod)
        out.integer(5, cpuQuota)
        out.text(6, cpus)
        out.text(7, memoryNodes)
    }
}

extension SourceLocation {
    fileprivate func write(to out: inout WireWriter) {
        out.integer(1, Int64(source))
        for range in ranges {
            out.message(2) { message in
                message.message(1) { range.start.write(to: &$0) }
                message.message(2) { range.end.write(to: &$0) }
            }
        }
    }
}

extension SourcePosition {
    fileprivate func write(to out: inout WireWriter) {
        out.integer(1, Int64(line))
        out.integer(2, Int64(character))
    }
}
