// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel

/// Progress as numbered lines, in the manner of BuildKit's `--progress=plain`.
///
/// Lines of one item start with its number; where the lines of another come between, an empty line parts them and the
/// item is named again. Everything that a step prints is shown.
public struct PlainText: Sendable {
    private var numbers: [ProgressItem.ID: Int] = [:]
    private var others = 0
    private var names: [ProgressItem.ID: String] = [:]
    private var started: [ProgressItem.ID: Timestamp] = [:]
    private var pending: [ContentDigest: [UInt8]] = [:]
    private var current: ProgressItem.ID?
    private var exports: [String: Int] = [:]
    private var out = ""

    /// Makes the text of a build before its first event.
    public init() {}

    /// The text for an event, line ends included; empty for what is not shown.
    public mutating func text(for event: BuildEvent, at time: Timestamp) -> String {
        switch event {
        case .sourceResolving, .sourceResolved, .contextDigested, .contextSkipped: addSource(event, at: time)
        case .stepKeyed, .stepReused, .stepStarted, .stepFinished, .stepFailed: addStep(event, at: time)
        case .exportStarted, .exportFinished: addExport(event, at: time)
        case .layerFetched(let layer): addNote(Self.words(layer))
        case .stepSkipped(let step): addNote("SKIPPED \(step.name): \(step.reason)")
        case .fallback(let fallback): addNote("WARN: \(fallback.subject): \(fallback.reason)")
        case .blobMissing(let fault), .blobCorrupt(let fault): addNote("WARN: \(fault.digest): \(fault.context)")
        default: break
        }
        return take()
    }

    /// The text for what a step printed: its finished lines, with the seconds since the step's start.
    public mutating func text(forOutput bytes: [UInt8], of vertex: ContentDigest, elapsed: Int64) -> String {
        var rest = (pending.removeValue(forKey: vertex) ?? [])[...]
        rest.append(contentsOf: bytes)
        while let end = rest.firstIndex(of: 0x0A) {
            addOutput(rest[..<end], of: vertex, elapsed: elapsed)
            rest = rest[(end + 1)...]
        }
        if !rest.isEmpty { pending[vertex] = Array(rest) }
        return take()
    }

    private mutating func addSource(_ event: BuildEvent, at time: Timestamp) {
        switch event {
        case .sourceResolving(let source):
            let id = ProgressItem.ID.source(source.identifier)
            guard started[id] == nil, !isPinned(source.identifier) else { return }
            started[id] = time
            names[id] = Self.title(ofSource: source.identifier)
            open(id)
        case .contextDigested(let context):
            let files = "\(Quantity.count(context.files)) file\(context.files == 1 ? "" : "s")"
            let size = "\(files), \(Quantity.bytes(context.bytes))"
            line(.source("local://" + context.name), "\(size), \(context.digest)")
        case .contextSkipped(let entry):
            line(.source("local://" + entry.name), "WARN: \(entry.path) left out: \(entry.reason)")
        case .sourceResolved(let source):
            guard !isPinned(source.identifier) else { return }
            let id = ProgressItem.ID.source(source.identifier)
            if names[id] == nil { names[id] = Self.title(ofSource: source.identifier) }
            line(id, "pinned \(source.pin)" + (source.movedFrom.map { ", moved from \($0)" } ?? ""))
            close(id, "DONE \(seconds(id, to: time))s")
        default: break
        }
    }

    /// Whether an identifier is `NAME@DIGEST` of a name that was resolved before: the graph has it so, a person does not.
    private func isPinned(_ identifier: String) -> Bool {
        guard let mark = identifier.lastIndex(of: "@") else { return false }
        return names[.source(String(identifier[..<mark]))] != nil
    }

    private mutating func addStep(_ event: BuildEvent, at time: Timestamp) {
        switch event {
        case .stepKeyed(let step):
            names[.step(step.vertex)] = step.name
            open(.step(step.vertex))
        case .stepReused(let step): close(.step(step.vertex), "CACHED")
        case .stepStarted(let step): started[.step(step.vertex)] = time
        case .stepFinished(let step):
            addRest(of: step.vertex, at: time)
            close(.step(step.vertex), "DONE \(seconds(.step(step.vertex), to: time))s")
        case .stepFailed(let step):
            addRest(of: step.vertex, at: time)
            close(.step(step.vertex), "ERROR: \(step.message)")
        default: break
        }
    }

    private mutating func addExport(_ event: BuildEvent, at time: Timestamp) {
        switch event {
        case .exportStarted(let export):
            let id = ProgressItem.ID.export(numbers.count + others)
            exports[export.exporter] = numbers.count + others
            started[id] = time
            names[id] = "exporting to \(export.exporter)"
            open(id)
        case .exportFinished(let export):
            guard let place = exports[export.exporter] else { return }
            let id = ProgressItem.ID.export(place)
            for (role, digest) in export.digests.sorted(by: { $0.key < $1.key }) { line(id, "\(role) \(digest)") }
            for name in export.names { line(id, "naming to \(name)") }
            close(id, "DONE \(seconds(id, to: time))s")
        default: break
        }
    }

    private mutating func addRest(of vertex: ContentDigest, at time: Timestamp) {
        guard let rest = pending.removeValue(forKey: vertex) else { return }
        let id = ProgressItem.ID.step(vertex)
        addOutput(rest[...], of: vertex, elapsed: time.nanoseconds - (started[id] ?? time).nanoseconds)
    }

    private mutating func addOutput(_ text: ArraySlice<UInt8>, of vertex: ContentDigest, elapsed: Int64) {
        line(.step(vertex), "\(Quantity.seconds(elapsed, decimals: 3)) \(String(decoding: text, as: UTF8.self))")
    }

    private mutating func addNote(_ text: String) {
        part(from: nil)
        others += 1
        out += "#\(numbers.count + others) \(text)\n\n"
    }

    private mutating func open(_ id: ProgressItem.ID) {
        part(from: id)
        if numbers[id] == nil { numbers[id] = numbers.count + others + 1 }
        out += "#\(numbers[id] ?? 0) \(names[id] ?? "")\n"
        current = id
    }

    private mutating func line(_ id: ProgressItem.ID, _ text: String) {
        if current != id { open(id) }
        out += "#\(numbers[id] ?? 0) \(text)\n"
    }

    private mutating func close(_ id: ProgressItem.ID, _ text: String) {
        line(id, text)
        out += "\n"
        current = nil
    }

    private mutating func part(from id: ProgressItem.ID?) {
        guard let shown = current, shown != id else { return }
        out += "#\(numbers[shown] ?? 0) ...\n\n"
        current = nil
    }

    private func seconds(_ id: ProgressItem.ID, to end: Timestamp) -> String {
        Quantity.seconds(end.nanoseconds - (started[id] ?? end).nanoseconds)
    }

    private mutating func take() -> String {
        defer { out = "" }
        return out
    }

    /// Such as `fetched sha256:… of docker-image://docker.io/library/debian:12, 29 MB`.
    private static func words(_ layer: LayerFetched) -> String {
        let bytes = layer.happened["bytes"]?.integer.map { ", \(Quantity.bytes($0))" } ?? ""
        return "fetched \(layer.blob) of \(layer.source)\(bytes)"
    }

    /// Such as `[context] load context` for `local://context`.
    static func title(ofSource identifier: String) -> String {
        identifier.hasPrefix("local://")
            ? "[internal] load context \(identifier.dropFirst("local://".count))" : "[internal] resolve \(identifier)"
    }
}
