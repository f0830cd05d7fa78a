// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildEvents
import BuildModel
import BuildSources
import LLB
import Layers

/// Two records of a build, step by step.
struct RecordComparison {
    let before: BuildRecord?
    let after: BuildRecord
    let blobs: BlobStore

    /// Why the key of `keyed` differs from that of the same step in the other record; empty when it does not.
    ///
    /// A step is the same one when it has the same name, else when it stands at the same place among steps of its kind.
    func causes(of keyed: StepKeyed) throws -> [KeyCause] {
        guard let before, let old = counterpart(of: keyed, in: before) else { return [.newStep] }
        guard old.key != keyed.key else { return [] }
        let comparison = PreimageComparison(
            before: try JSONValue(parsing: blobs.read(old.preimage)),
            after: try JSONValue(parsing: blobs.read(keyed.preimage))
        )
        var causes = comparison.causes
        let vertex = after.vertex(keyed.vertex)
        let oldVertex = before.vertex(old.vertex)
        for index in comparison.changedInputs {
            guard let input = vertex.flatMap({ $0.inputs.indices.contains(index) ? $0.inputs[index] : nil }) else {
                continue
            }
            let oldInput = oldVertex.flatMap { $0.inputs.indices.contains(index) ? $0.inputs[index] : nil }
            causes += try inputCauses(input.digest, was: oldInput?.digest, in: before)
        }
        return causes.reduce(into: []) { unique, cause in if !unique.contains(cause) { unique.append(cause) } }
    }

    private func counterpart(of keyed: StepKeyed, in record: BuildRecord) -> StepKeyed? {
        if let same = record.keys[keyed.vertex] { return same }
        let steps = record.orderedSteps
        if let named = steps.first(where: { $0.name == keyed.name }) { return named }
        // `[stage 2/5] RUN a` became `[stage 2/5] RUN b`: the place is what stays.
        guard let place = Self.place(keyed.name) else { return nil }
        return steps.first { Self.place($0.name) == place }
    }

    private static func place(_ name: String) -> Substring? {
        guard name.hasPrefix("["), let end = name.firstIndex(of: "]") else { return nil }
        return name[...end]
    }

    private func inputCauses(_ input: ContentDigest, was: ContentDigest?, in before: BuildRecord) throws -> [KeyCause] {
        if let pin = after.pins[input] {
            let old = was.flatMap { before.pins[$0] } ?? before.pin(like: pin)
            guard let old else { return [.source(identifier: pin.identifier, before: "none", after: pin.pin)] }
            if pin.type == "local" { return try fileCauses(pin, old) }
            return [.source(identifier: Self.plain(pin.identifier), before: old.pin, after: pin.pin)]
        }
        guard let step = after.keys[input] else { return [] }
        return [.input(step: step.name)]
    }

    /// The name without the digest that pins it.
    private static func plain(_ identifier: String) -> String {
        identifier.split(separator: "@", maxSplits: 1).first.map(String.init) ?? identifier
    }

    private func fileCauses(_ pin: SourceResolved, _ old: SourceResolved) throws -> [KeyCause] {
        let name = String(pin.identifier.dropFirst("local://".count))
        let new = try entries(of: pin)
        let was = try entries(of: old)
        return Set(new.keys).union(was.keys).sorted { $0.lexicographicallyPrecedes($1) }.compactMap { path in
            guard let change = Self.change(was[path], new[path]) else { return nil }
            return .file(context: name, path: String(decoding: path, as: UTF8.self), change: change)
        }
    }

    private func entries(of pin: SourceResolved) throws -> [[UInt8]: ContextEntry] {
        guard let blob = pin.blobs.first else { return [:] }
        let manifest = try ContextManifest(parsing: blobs.read(blob))
        return Dictionary(manifest.entries.map { ($0.path, $0) }) { _, last in last }
    }

    private static func change(_ old: ContextEntry?, _ new: ContextEntry?) -> FileChangeCause? {
        guard let old else { return new == nil ? nil : .added }
        guard let new else { return .removed }
        if old == new { return nil }
        switch (old.content, new.content) {
        case (.file(_, let was), .file(_, let now)) where was != now: return .content
        case _ where old.content == new.content: return old.mode != new.mode ? .modeOnly : .content
        default: return .type
        }
    }
}
