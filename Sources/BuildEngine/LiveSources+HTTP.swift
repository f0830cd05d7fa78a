// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildSources
import LLB
import Layers
import OCIModel
import SystemPackage

extension LiveSources {
    /// A URL as a layer with one file.
    func http(_ source: SourceOperation, vertex: Vertex) async throws -> ResolvedSource {
        let engine = run.engine
        let started = engine.environment.clock.now()
        let locks = engine.locks
        let store = HTTPStore(folder: engine.root.appending("http"), layers: run.layers) { try await locks.take($0) }
        let reach: HTTPStore.Reach =
            switch run.request.offline {
            case .no: .remote
            case .strict: .offline
            case .last: .offlineWithLast
            }
        let run = run
        let note: @Sendable (String) -> Void = { reason in
            run.log.append(.fallback(Fallback(subject: source.identifier, reason: reason)), build: run.id)
        }
        let layer = try await store.layer(
            try request(source, vertex: vertex),
            timestamps: run.request.timestamps,
            allowsPrivate: run.request.allowed.contains("network.private"),
            limit: run.request.downloadLimit ?? HTTPStore.defaultLimit,
            reach: reach,
            note: note
        )
        if layer.how == "last" {
            note("with --offline=last the contents of the last build are used, and nobody is asked for newer ones")
        }
        let event = SourceResolved(
            identifier: source.identifier,
            type: "http",
            pin: layer.digest.description,
            how: layer.how,
            layers: [layer.diffID],
            details: ["filename": layer.name, "size": String(layer.size)],
            happened: [
                "bytes": .integer(layer.bytes), "calls": .integer(Int64(layer.calls)),
                "redirects": JSONValue(layer.redirects),
                "duration": .integer(engine.environment.clock.now().nanoseconds - started.nanoseconds),
            ]
        )
        return ResolvedSource(event: event, snapshot: Snapshot(layers: [layer.diffID]))
    }

    /// Reads the source's attributes.
    ///
    /// Source: BuildKit, `source/http/identifier.go`, `NewHTTPIdentifier`.
    private func request(_ source: SourceOperation, vertex: Vertex) throws -> HTTPRequest {
        var request = HTTPRequest(url: source.identifier)
        let attributes = source.attributes
        if let text = attributes[SourceAttribute.httpChecksum] { request.checksum = try ContentDigest(parsing: text) }
        request.fileName = attributes[SourceAttribute.httpFilename] ?? ""
        request.mode = UInt16(try number(source, SourceAttribute.httpPermissions, radix: 8, limit: 0o7777) ?? 0o600)
        request.uid = UInt32(try number(source, SourceAttribute.httpUserID, radix: 10, limit: UInt32.max - 1) ?? 0)
        request.gid = UInt32(try number(source, SourceAttribute.httpGroupID, radix: 10, limit: UInt32.max - 1) ?? 0)
        let prefix = SourceAttribute.httpHeaderPrefix
        for (name, value) in attributes.sorted(by: { $0.key < $1.key }) where name.hasPrefix(prefix) {
            request.headers.append(.init(name: String(name.dropFirst(prefix.count)), value: value))
        }
        if let id = attributes[SourceAttribute.httpAuthHeaderSecret] {
            let bytes = try run.secrets.value(of: id, optional: false) ?? []
            run.log.append(.secretUsed(SecretUsed(vertex: vertex.digest, id: id)), build: run.id)
            request.authorization = String(decoding: bytes, as: UTF8.self).trimmingLineEnds
        }
        return request
    }

    private func number(_ source: SourceOperation, _ name: String, radix: Int, limit: UInt32) throws -> UInt32? {
        guard let text = source.attributes[name], !text.isEmpty else { return nil }
        guard let value = UInt32(text, radix: radix), value <= limit else {
            throw SourceResolutionError.unsupported("\(source.identifier) with \(name) '\(text)'")
        }
        return value
    }
}
