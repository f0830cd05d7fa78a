// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventStorage
import LLB
import Layers
import OCIModel

extension BuildRun {
    /// Resolves every source of the graphs to a pin, each between its two events, before any step starts.
    ///
    /// Graphs within build operations count too; those that a step makes are pinned when it has made them.
    func pinSources(of targets: [BuildTarget]) async throws -> [ContentDigest: Snapshot] {
        let ignoreFile = targets.lazy.compactMap(\.ignoreFile).first
        return try await pinSources(of: targets.compactMap(\.definition), known: [:], ignoreFile: ignoreFile)
    }

    /// The same for some graphs, of which `known` sources are pinned already.
    func pinSources(
        of graphs: [Definition],
        known: [ContentDigest: Snapshot],
        ignoreFile: IgnoreFileRecord? = nil
    ) async throws -> [ContentDigest: Snapshot] {
        let live = LiveSources(run: self, ignoreFile: ignoreFile)
        let resolver: any PinResolving =
            if let recorded {
                FollowedSources(recorded: recorded, pinning: request.pinning, run: self, live: live)
            } else {
                live
            }
        try check(graphs)
        var pins = known
        for vertex in graphs.flatMap(\.verticesWithin) {
            guard case .source(let source) = vertex.operation, pins[vertex.digest] == nil else { continue }
            log.append(
                .sourceResolving(SourceResolving(vertex: vertex.digest, identifier: source.identifier)),
                build: id
            )
            var resolved = try await resolver.resolve(source, vertex: vertex)
            let previous = resolved.event.how != "record" ? try lastPin(source.identifier) : nil
            resolved.event.movedFrom = previous == resolved.event.pin ? nil : previous
            resolved.event.details["vertex"] = vertex.digest.description
            log.append(.sourceResolved(resolved.event), build: id)
            pins[vertex.digest] = resolved.snapshot
        }
        return pins
    }

    /// Removes the layers of contexts that are not to be kept, unless something else is the same layer.
    func dropContexts(_ sources: [ContentDigest: Snapshot], targets: [BuildTarget]) async throws {
        guard !request.storesContext else { return }
        try await log.flush()
        for vertex in targets.flatMap({ $0.definition?.verticesWithin ?? [] }) {
            guard case .source(let source) = vertex.operation, source.scheme == "local",
                let layer = sources[vertex.digest]?.layers.first, try engine.log.references(to: layer).isEmpty
            else { continue }
            try layers.blobs.remove(layer)
            try layers.removeCaches(of: layer)
        }
    }

    /// Refuses, before anything runs, what this version does not run, what lacks a secret and what needs emulation.
    private func check(_ graphs: [Definition]) throws {
        // Where only cached results are expected, nothing will run.
        let emulation = request.expectCached ? nil : Emulation(host: .compiled)
        for definition in graphs {
            for vertex in definition.vertices where plan?.executes(vertex.digest) ?? true {
                if case .build(let build) = vertex.operation, let inner = build.definition { try check([inner]) }
                do {
                    try check(vertex)
                    if case .exec = vertex.operation, let platform = vertex.platform { try emulation?.check(platform) }
                } catch let fault as any Fault {
                    throw PlacedFault(fault, at: vertex, of: definition)
                }
            }
        }
    }

    private func check(_ vertex: Vertex) throws {
        switch vertex.operation {
        case .build(let build) where build.builder != nil:
            throw UnsupportedOperation(name: "build with a builder of its own", step: vertex.name)
        case .exec(let exec):
            if let device = exec.devices.first(where: { !$0.isOptional }) {
                throw UnsupportedOperation(name: "device \(device.name)", step: vertex.name)
            }
            for mount in exec.mounts {
                if case .secret(let secret) = mount.kind, !secret.isOptional {
                    _ = try secrets.value(of: secret.id, optional: false)
                }
                if case .ssh(let agent) = mount.kind { _ = try secrets.agentSocket(for: agent) }
            }
            for variable in exec.secretEnvironment {
                _ = try secrets.value(of: variable.id, optional: variable.isOptional)
            }
        default: break
        }
    }
}

extension Definition {
    /// The vertices, and those of the graphs that build operations hold.
    var verticesWithin: [Vertex] {
        vertices.flatMap { vertex in
            guard case .build(let build) = vertex.operation, let inner = build.definition else { return [vertex] }
            return [vertex] + inner.verticesWithin
        }
    }
}
