// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildEvents
import BuildModel
import BuildSources
import LLB
import Layers

/// Two records of a build, step by step.
struct RecordComparison {
    let before: BuildRecord
    let after: BuildRecord
    let blobs: BlobStore
    private let alignment: StepAlignment
    private let options: OptionCauses

    init(before: BuildRecord, after: BuildRecord, blobs: BlobStore) {
        self.before = before
        self.after = after
        self.blobs = blobs
        alignment = StepAlignment(old: before.steps, new: after.steps)
        options = OptionCauses(before: before, after: after)
    }

    /// The same step of the older build.
    func counterpart(of vertex: ContentDigest) -> StepKeyed? { alignment.old[vertex].flatMap { before.keys[$0] } }

    /// Why `keyed` did not have the result that the same step has in the older build; empty when it did.
    func causes(of keyed: StepKeyed) throws -> [KeyCause] {
        guard let old = counterpart(of: keyed.vertex) else { return [.newStep] }
        guard old.key == keyed.key else { return try keyCauses(of: keyed, was: old) }
        guard !after.reused.contains(keyed.vertex) else { return [] }
        if let refusal = options.refusal(stage: StepName.parts(keyed.name).stage) { return [refusal] }
        guard let results = before.results[old.vertex] else { return [.noResult] }
        let isGone = results.compactMap(\.diffID).contains { !blobs.contains($0) }
        let ranAgain = after.results[keyed.vertex] != nil
        return isGone || ranAgain ? [.resultGone] : []
    }

    private func keyCauses(of keyed: StepKeyed, was old: StepKeyed) throws -> [KeyCause] {
        guard let oldPreimage = try preimage(old), let newPreimage = try preimage(keyed) else {
            return [.unrecorded("the preimage of a key of \(keyed.name)")]
        }
        let comparison = PreimageComparison(before: oldPreimage, after: newPreimage)
        let vertex = after.vertex(keyed.vertex)
        let oldVertex = before.vertex(old.vertex)
        let rules = comparison.ruleCauses
        var own = comparison.operationCauses
        let moved = vertex.flatMap { vertex in oldVertex.map { movedInputs(of: vertex, was: $0) } } ?? [:]
        own += moved.sorted { $0.key < $1.key }.map(\.value)
        var causes = rules + options.behind(own, rules: rules, base: vertex.flatMap(baseMove))
        if let vertex, let oldVertex {
            for (new, was) in Self.pairs(vertex, oldVertex)
            where moved[new] == nil && comparison.inputDiffers(new: new, old: was) {
                causes += try inputCauses(new, of: vertex, was: was, of: oldVertex, isSameSelection: own.isEmpty)
            }
        }
        if causes.isEmpty, comparison.operationDiffers { causes.append(.operation(path: "", before: nil, after: nil)) }
        return Self.unique(causes)
    }

    /// Each cause once; the platform once, whichever way it was found.
    private static func unique(_ causes: [KeyCause]) -> [KeyCause] {
        var knowsPlatform = false
        return causes.reduce(into: []) { unique, cause in
            if case .platform = cause {
                guard !knowsPlatform else { return }
                knowsPlatform = true
            }
            if !unique.contains(cause) { unique.append(cause) }
        }
    }

    private func preimage(_ keyed: StepKeyed) throws -> JSONValue? {
        do {
            return try JSONValue(parsing: blobs.read(keyed.preimage))
        } catch BlobError.missing {
            return nil
        }
    }

    // MARK: Inputs

    /// The inputs of two forms of a step that stand at the same place, by their positions.
    static func pairs(_ new: Vertex, _ old: Vertex) -> [(new: Int, old: Int)] {
        guard case .exec(let exec) = new.operation, case .exec(let was) = old.operation else {
            return zip(new.inputs.indices, old.inputs.indices).map { ($0, $1) }
        }
        let places = Dictionary(was.mounts.map { ($0.destination, $0.input) }) { first, _ in first }
        var pairs: [(new: Int, old: Int)] = []
        for mount in exec.mounts {
            guard let input = mount.input, let other = places[mount.destination] ?? nil,
                !pairs.contains(where: { $0.new == input && $0.old == other })
            else { continue }
            pairs.append((input, other))
        }
        return pairs
    }

    /// Inputs that are other steps or sources than they were, which is a change of the operation; by position.
    private func movedInputs(of vertex: Vertex, was old: Vertex) -> [Int: KeyCause] {
        var moved: [Int: KeyCause] = [:]
        for pair in Self.pairs(vertex, old) {
            guard let now = after.vertex(vertex.inputs[pair.new].digest),
                let then = before.vertex(old.inputs[pair.old].digest), isMoved(now, then, isBase: pair.new == 0)
            else { continue }
            moved[pair.new] = .operation(
                path: pair.new == 0 ? "base" : "from",
                before: SourceName.of(then),
                after: SourceName.of(now)
            )
        }
        return moved
    }

    /// Whether an input is another one, rather than the same one changed, or one with steps put in or taken out.
    private func isMoved(_ now: Vertex, _ then: Vertex, isBase: Bool) -> Bool {
        switch (now.operation, then.operation) {
        case (.source(let now), .source(let then)):
            SourceName.plain(then.identifier) != SourceName.plain(now.identifier)
        case (.source, _): !isBase || alignment.new[then.digest] != nil
        case (_, .source): !isBase || alignment.old[now.digest] != nil
        case _ where !isBase && StepName.parts(now.name).stage != StepName.parts(then.name).stage: true
        default:
            alignment.old[now.digest].map { $0 != then.digest } == true && alignment.new[then.digest] != nil
        }
    }

    /// How the image at the bottom of a step's root moved, with the configuration that its operation takes from there.
    private func baseMove(_ vertex: Vertex) -> KeyCause? {
        var at = vertex
        while let input = at.inputs.first, let next = after.vertex(input.digest) {
            if let pin = after.pins[next.digest] {
                guard pin.type == "image", let old = before.pin(like: pin), old.pin != pin.pin else { return nil }
                return .source(identifier: SourceName.plain(pin.identifier), before: old.pin, after: pin.pin)
            }
            at = next
        }
        return nil
    }

    private func inputCauses(
        _ new: Int,
        of vertex: Vertex,
        was old: Int,
        of oldVertex: Vertex,
        isSameSelection: Bool
    ) throws -> [KeyCause] {
        let (input, was) = (vertex.inputs[new].digest, oldVertex.inputs[old].digest)
        if let pin = after.pins[input] {
            guard let oldPin = before.pins[was] else { return removed(above: input, from: was) }
            guard SourceName.plain(pin.identifier) == SourceName.plain(oldPin.identifier) else { return [] }
            if pin.type == "local" {
                let sights = (before: InputSight(oldVertex, input: old), after: InputSight(vertex, input: new))
                return try files(pin, oldPin, sights, isSameSelection: isSameSelection)
            }
            if pin.type == "image", let option = options.platformOption { return [option] }
            return [.source(identifier: SourceName.plain(pin.identifier), before: oldPin.pin, after: pin.pin)]
        }
        return try stepCauses(input, was: was)
    }

    private func stepCauses(_ input: ContentDigest, was: ContentDigest) throws -> [KeyCause] {
        guard let step = after.keys[input] else { return [] }
        guard let old = counterpart(of: input) else { return [.input(step: step.name, because: [.newStep])] }
        var causes = old.vertex == was ? [] : removed(above: input, from: was)
        if old.key != step.key {
            causes.append(.input(step: step.name, because: try keyCauses(of: step, was: old)))
        } else if let (then, now) = difference(of: old.vertex, and: input) {
            causes.append(.result(step: step.name, before: then, after: now))
        }
        return causes
    }

    /// The steps between an older input and what stands there now.
    private func removed(above input: ContentDigest, from was: ContentDigest) -> [KeyCause] {
        var causes: [KeyCause] = []
        var at: ContentDigest? = was
        while let digest = at, digest != alignment.old[input], let step = before.keys[digest],
            alignment.new[digest] == nil
        {
            causes.append(.removedStep(step.name))
            at = before.vertex(digest)?.inputs.first?.digest
        }
        return causes
    }

    private func difference(of old: ContentDigest, and new: ContentDigest) -> (String, String)? {
        let (then, now) = (before.results[old] ?? [], after.results[new] ?? [])
        guard then.map(\.chainID) != now.map(\.chainID) else { return nil }
        func text(_ results: [StepResult]) -> String {
            results.map { $0.diffID.map(\.description) ?? "nothing" }.joined(separator: ", ")
        }
        return (text(then), text(now))
    }

    // MARK: Files

    private func files(
        _ pin: SourceResolved,
        _ old: SourceResolved,
        _ sights: (before: InputSight, after: InputSight),
        isSameSelection: Bool
    ) throws -> [KeyCause] {
        let sides: (before: ContextComparison.Side, after: ContextComparison.Side)
        do {
            sides = (
                try ContextComparison.Side(old, attributes: attributes(of: old, in: before), blobs: blobs),
                try ContextComparison.Side(pin, attributes: attributes(of: pin, in: after), blobs: blobs)
            )
        } catch BlobError.missing {
            return [.unrecorded("the list of files of \(pin.identifier)")]
        }
        let name = String(pin.identifier.dropFirst("local://".count))
        let comparison = ContextComparison(name: name, before: sides.before, after: sides.after)
        let causes = comparison.causes(
            visibleBefore: sights.before.filter(sides.before.manifest),
            visibleAfter: sights.after.filter(sides.after.manifest),
            isSameSelection: isSameSelection
        )
        let isModes = causes.allSatisfy { cause in
            if case .file(let file) = cause { file.change == .modeOnly || file.change == .mode } else { false }
        }
        if isModes, !causes.isEmpty, let option = options.modesOption { return [option] }
        return causes
    }

    private func attributes(of pin: SourceResolved, in record: BuildRecord) -> [String: String] {
        guard let text = pin.details["vertex"], let digest = try? ContentDigest(parsing: text),
            case .source(let source)? = record.vertex(digest)?.operation
        else { return [:] }
        return source.attributes
    }
}

/// Names of sources.
enum SourceName {
    /// What a person calls a vertex: the plain name of a source, the name of a step.
    static func of(_ vertex: Vertex) -> String {
        if case .source(let source) = vertex.operation { return plain(source.identifier) }
        return vertex.name
    }

    /// The name without the digest that pins it.
    static func plain(_ identifier: String) -> String {
        identifier.split(separator: "@sha256:", maxSplits: 1).first.map(String.init) ?? identifier
    }
}
