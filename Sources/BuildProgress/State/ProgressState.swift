// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel

/// What a person wants to know of a build while it goes on: the fold of its events and of its steps' output.
public struct ProgressState: Sendable {
    /// The items, in the order in which they came up.
    public private(set) var items: [ProgressItem] = []
    /// When the build started; `nil` before its first event.
    public private(set) var started: Timestamp?
    /// How many vertices the definitions of the build have.
    public private(set) var vertices = 0
    /// The names asked for.
    public private(set) var tags: [String] = []
    /// The blobs of the definitions, with the Dockerfiles that they come from.
    public private(set) var definitions: [DefinitionLoaded] = []
    /// What went another way than asked, one sentence each, in order.
    public private(set) var warnings: [String] = []
    /// Stages and steps that were not needed, one sentence each.
    public private(set) var skipped: [String] = []
    /// The last event, once the build has ended.
    public private(set) var end: BuildEvent?
    /// Grows with every change, so that a reader sees whether there is anything new.
    public private(set) var revision = 0
    private var places: [ProgressItem.ID: Int] = [:]
    private var exports = 0
    private var lastExport: [String: Int] = [:]

    /// Makes the state before the first event.
    public init() {}

    /// The item `id`; `nil` when no event spoke of it.
    public subscript(id: ProgressItem.ID) -> ProgressItem? { places[id].map { items[$0] } }

    /// Counts of steps, sources and exports left out.
    public var counts: (known: Int, reused: Int, ran: Int, failed: Int, running: Int) {
        var counts = (known: 0, reused: 0, ran: 0, failed: 0, running: 0)
        for item in items {
            guard case .step = item.id else { continue }
            counts.known += 1
            switch item.status {
            case .waiting: break
            case .running: counts.running += 1
            case .reused: counts.reused += 1
            case .finished: counts.ran += 1
            case .failed: counts.failed += 1
            }
        }
        return counts
    }

    /// How many steps the build has, as far as is known: the vertices that are no sources.
    public var stepCount: Int {
        let sources = items.count { if case .source = $0.id { true } else { false } }
        return max(counts.known, vertices - sources)
    }

    /// Takes in an event that happened at `time`.
    public mutating func apply(_ event: BuildEvent, at time: Timestamp) {
        revision += 1
        switch event {
        case .buildStarted(let build):
            started = time
            tags = build.tags
        case .definitionLoaded(let definition):
            vertices += definition.vertices
            definitions.append(definition)
        case .stepKeyed, .stepReused, .stepStarted, .stepFinished, .stepFailed: applyStep(event, at: time)
        case .sourceResolving, .sourceResolved, .contextDigested, .contextSkipped: applySource(event, at: time)
        case .exportStarted, .exportFinished: applyExport(event, at: time)
        case .stepSkipped(let step): skipped.append("\(step.name): \(step.reason)")
        case .fallback(let fallback): warnings.append("\(fallback.subject): \(fallback.reason)")
        case .blobMissing(let fault), .blobCorrupt(let fault): warnings.append("\(fault.digest): \(fault.context)")
        case .buildFinished, .buildFailed, .buildCancelled: end = event
        case .stepOutput, .secretUsed, .layerFetched, .replayCompared, .cacheImported, .cacheExported, .imageStored,
            .imageUntagged,
            .blobsPruned, .recordingImported, .logCheckpointed, .logRecovered, .unknown:
            break
        }
    }

    /// Takes in what a step printed.
    public mutating func apply(output bytes: [UInt8], of vertex: ContentDigest, elapsed: Int64) {
        revision += 1
        change(.step(vertex), name: vertex.description) { $0.tail.append(bytes, elapsed: elapsed) }
    }

    private mutating func applyStep(_ event: BuildEvent, at time: Timestamp) {
        switch event {
        case .stepKeyed(let step):
            change(.step(step.vertex), name: step.name) { item in
                item.name = ItemName(step.name)
            }
        case .stepReused(let step):
            change(.step(step.vertex), name: step.vertex.description) { item in
                item.status = .reused
                item.producer = step.producer
                item.bytes = step.results.reduce(0) { $0 + $1.size }
            }
        case .stepStarted(let step):
            change(.step(step.vertex), name: step.vertex.description) { $0.status = .running(since: time) }
        case .stepFinished(let step):
            change(.step(step.vertex), name: step.vertex.description) { item in
                item.status = .finished(nanoseconds: item.nanoseconds(at: time))
                item.bytes = step.results.reduce(0) { $0 + $1.size }
            }
        case .stepFailed(let step):
            change(.step(step.vertex), name: step.vertex.description) { item in
                item.status = .failed(nanoseconds: item.nanoseconds(at: time), message: step.message)
            }
        default: break
        }
    }

    private mutating func applySource(_ event: BuildEvent, at time: Timestamp) {
        switch event {
        case .sourceResolving(let source):
            guard !isPinned(source.identifier) else { return }
            change(.source(source.identifier), name: source.identifier) { item in
                if !item.isOver { item.status = .running(since: time) }
            }
        case .contextDigested(let context):
            change(.source("local://" + context.name), name: "local://" + context.name) { item in
                item.bytes = context.bytes
                item.detail = "\(Quantity.count(context.files)) file\(context.files == 1 ? "" : "s")"
            }
        case .contextSkipped(let entry):
            warnings.append("\(entry.path) is not part of the context '\(entry.name)': \(entry.reason)")
        case .sourceResolved(let source):
            guard !isPinned(source.identifier) else { return }
            change(.source(source.identifier), name: source.identifier) { item in
                item.status = .finished(nanoseconds: item.nanoseconds(at: time))
                // That a directory changed is what builds are made for; that a name moved is worth a word.
                guard source.type != "local" else { return }
                item.detail = Self.short(source.pin)
                if let before = source.movedFrom { item.detail += " (moved from \(Self.short(before)))" }
            }
        default: break
        }
    }

    /// Whether an identifier is `NAME@DIGEST` of a name that was resolved before: the graph has it so, a person does not.
    private func isPinned(_ identifier: String) -> Bool {
        guard let mark = identifier.lastIndex(of: "@") else { return false }
        return places[.source(String(identifier[..<mark]))] != nil
    }

    /// A pin, a digest of it by its first twelve digits.
    private static func short(_ pin: String) -> String {
        guard pin.hasPrefix("sha256:") else { return String(pin.prefix(12)) }
        return String(pin.prefix("sha256:".count + 12))
    }

    private mutating func applyExport(_ event: BuildEvent, at time: Timestamp) {
        switch event {
        case .exportStarted(let export):
            lastExport[export.exporter] = exports
            change(.export(exports), name: "export \(export.exporter)") { item in
                item.status = .running(since: time)
                item.detail = export.happened["destination"]?.text ?? ""
            }
            exports += 1
        case .exportFinished(let export):
            guard let place = lastExport[export.exporter] else { return }
            change(.export(place), name: "export \(export.exporter)") { item in
                item.status = .finished(nanoseconds: item.nanoseconds(at: time))
                item.bytes = export.happened["bytes"]?.integer ?? 0
            }
        default: break
        }
    }

    private mutating func change(_ id: ProgressItem.ID, name: String, _ edit: (inout ProgressItem) -> Void) {
        if let place = places[id] {
            edit(&items[place])
        } else {
            var item = ProgressItem(id: id, name: ItemName(name), status: .waiting)
            edit(&item)
            places[id] = items.count
            items.append(item)
        }
    }
}
