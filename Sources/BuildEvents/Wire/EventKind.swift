// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// The kinds that this version writes, by their stored spelling.
public enum EventKind: String, CaseIterable, Sendable {
    /// `BuildEvent.buildStarted`.
    case buildStarted = "build.started"
    /// `BuildEvent.definitionLoaded`.
    case definitionLoaded = "definition.loaded"
    /// `BuildEvent.sourceResolving`.
    case sourceResolving = "source.resolving"
    /// `BuildEvent.sourceResolved`.
    case sourceResolved = "source.resolved"
    /// `BuildEvent.contextDigested`.
    case contextDigested = "context.digested"
    /// `BuildEvent.contextSkipped`.
    case contextSkipped = "context.skipped"
    /// `BuildEvent.layerFetched`.
    case layerFetched = "layer.fetched"
    /// `BuildEvent.stepKeyed`.
    case stepKeyed = "step.keyed"
    /// `BuildEvent.stepReused`.
    case stepReused = "step.reused"
    /// `BuildEvent.stepStarted`.
    case stepStarted = "step.started"
    /// `BuildEvent.stepOutput`.
    case stepOutput = "step.output"
    /// `BuildEvent.stepFinished`.
    case stepFinished = "step.finished"
    /// `BuildEvent.stepFailed`.
    case stepFailed = "step.failed"
    /// `BuildEvent.stepSkipped`.
    case stepSkipped = "step.skipped"
    /// `BuildEvent.secretUsed`.
    case secretUsed = "secret.used"
    /// `BuildEvent.exportStarted`.
    case exportStarted = "export.started"
    /// `BuildEvent.exportFinished`.
    case exportFinished = "export.finished"
    /// `BuildEvent.buildFinished`.
    case buildFinished = "build.finished"
    /// `BuildEvent.buildFailed`.
    case buildFailed = "build.failed"
    /// `BuildEvent.buildCancelled`.
    case buildCancelled = "build.cancelled"
    /// `BuildEvent.replayCompared`.
    case replayCompared = "replay.compared"
    /// `BuildEvent.cacheImported`.
    case cacheImported = "cache.imported"
    /// `BuildEvent.cacheExported`.
    case cacheExported = "cache.exported"
    /// `BuildEvent.imageStored`.
    case imageStored = "image.stored"
    /// `BuildEvent.imageUntagged`.
    case imageUntagged = "image.untagged"
    /// `BuildEvent.blobMissing`.
    case blobMissing = "blob.missing"
    /// `BuildEvent.blobCorrupt`.
    case blobCorrupt = "blob.corrupt"
    /// `BuildEvent.blobsPruned`.
    case blobsPruned = "blobs.pruned"
    /// `BuildEvent.recordingImported`.
    case recordingImported = "recording.imported"
    /// `BuildEvent.logCheckpointed`.
    case logCheckpointed = "log.checkpointed"
    /// `BuildEvent.logRecovered`.
    case logRecovered = "log.recovered"
    /// `BuildEvent.fallback`.
    case fallback = "fallback"

    /// The version of the body that is written now; older ones are upcast on reading.
    public var version: Int { self == .recordingImported ? 2 : 1 }
}

extension BuildEvent {
    /// The stored spelling of its kind, e.g. `step.finished`.
    public var kind: String {
        if case .unknown(let kind, _, _) = self { kind } else { parts.kind.rawValue }
    }

    /// The kind, version and canonical body under which it is stored.
    public var wire: (kind: String, version: Int, body: [UInt8]) {
        if case .unknown(let kind, let version, let body) = self { return (kind, version, body.canonicalBytes) }
        let (kind, payload) = parts
        var body = WireBody()
        payload?.write(to: &body)
        return (kind.rawValue, kind.version, body.json.canonicalBytes)
    }

    /// Reads an event of any version that ever shipped.
    ///
    /// A kind, or a version of a kind, that is not known here becomes `.unknown` with its body.
    ///
    /// - Throws: `WireError` when the body does not have the form of its kind and version.
    public init(kind: String, version: Int, body: JSONValue, upcasters: Upcasters = .shipped) throws(WireError) {
        guard let known = EventKind(rawValue: kind), version >= 1, version <= upcasters.newest(of: known) else {
            self = .unknown(kind: kind, version: version, body: body)
            return
        }
        var wire = try WireBody(kind: kind, reading: body)
        upcasters.raise(&wire, kind: kind, from: version)
        self = try Self.read(known, WireReader(kind: kind, body: wire))
    }

    private static func read(_ kind: EventKind, _ reader: WireReader) throws(WireError) -> BuildEvent {
        switch kind {
        case .buildStarted: .buildStarted(try BuildStarted(from: reader))
        case .definitionLoaded: .definitionLoaded(try DefinitionLoaded(from: reader))
        case .sourceResolving: .sourceResolving(try SourceResolving(from: reader))
        case .sourceResolved: .sourceResolved(try SourceResolved(from: reader))
        case .contextDigested: .contextDigested(try ContextDigested(from: reader))
        case .contextSkipped: .contextSkipped(try ContextSkipped(from: reader))
        case .layerFetched: .layerFetched(try LayerFetched(from: reader))
        case .stepKeyed: .stepKeyed(try StepKeyed(from: reader))
        case .stepReused: .stepReused(try StepReused(from: reader))
        case .stepStarted: .stepStarted(try StepStarted(from: reader))
        case .stepOutput: .stepOutput(try StepOutput(from: reader))
        case .stepFinished: .stepFinished(try StepFinished(from: reader))
        case .stepFailed: .stepFailed(try StepFailed(from: reader))
        case .stepSkipped: .stepSkipped(try StepSkipped(from: reader))
        case .secretUsed: .secretUsed(try SecretUsed(from: reader))
        case .exportStarted: .exportStarted(try ExportStarted(from: reader))
        case .exportFinished: .exportFinished(try ExportFinished(from: reader))
        case .buildFinished: .buildFinished(try BuildFinished(from: reader))
        case .buildFailed: .buildFailed(try BuildFailed(from: reader))
        case .buildCancelled: .buildCancelled(try BuildCancelled(from: reader))
        case .replayCompared: .replayCompared(try ReplayCompared(from: reader))
        case .cacheImported: .cacheImported(try CacheTransfer(from: reader))
        case .cacheExported: .cacheExported(try CacheTransfer(from: reader))
        case .imageStored: .imageStored(try ImageStored(from: reader))
        case .imageUntagged: .imageUntagged(try ImageUntagged(from: reader))
        case .blobMissing: .blobMissing(try BlobFault(from: reader))
        case .blobCorrupt: .blobCorrupt(try BlobFault(from: reader))
        case .blobsPruned: .blobsPruned(try BlobsPruned(from: reader))
        case .recordingImported: .recordingImported(try RecordingImported(from: reader))
        case .logCheckpointed: .logCheckpointed(try LogCheckpointed(from: reader))
        case .logRecovered: .logRecovered(try LogRecovered(from: reader))
        case .fallback: .fallback(try Fallback(from: reader))
        }
    }

    /// The kind and the payload; never asked of an unknown event.
    private var parts: (kind: EventKind, payload: (any WirePayload)?) {
        switch self {
        case .buildStarted(let payload): (.buildStarted, payload)
        case .definitionLoaded(let payload): (.definitionLoaded, payload)
        case .sourceResolving(let payload): (.sourceResolving, payload)
        case .sourceResolved(let payload): (.sourceResolved, payload)
        case .contextDigested(let payload): (.contextDigested, payload)
        case .contextSkipped(let payload): (.contextSkipped, payload)
        case .layerFetched(let payload): (.layerFetched, payload)
        case .stepKeyed(let payload): (.stepKeyed, payload)
        case .stepReused(let payload): (.stepReused, payload)
        case .stepStarted(let payload): (.stepStarted, payload)
        case .stepOutput(let payload): (.stepOutput, payload)
        case .stepFinished(let payload): (.stepFinished, payload)
        case .stepFailed(let payload): (.stepFailed, payload)
        case .stepSkipped(let payload): (.stepSkipped, payload)
        case .secretUsed(let payload): (.secretUsed, payload)
        case .exportStarted(let payload): (.exportStarted, payload)
        case .exportFinished(let payload): (.exportFinished, payload)
        case .buildFinished(let payload): (.buildFinished, payload)
        case .buildFailed(let payload): (.buildFailed, payload)
        case .buildCancelled(let payload): (.buildCancelled, payload)
        case .replayCompared(let payload): (.replayCompared, payload)
        case .cacheImported(let payload): (.cacheImported, payload)
        case .cacheExported(let payload): (.cacheExported, payload)
        case .imageStored(let payload): (.imageStored, payload)
        case .imageUntagged(let payload): (.imageUntagged, payload)
        case .blobMissing(let payload): (.blobMissing, payload)
        case .blobCorrupt(let payload): (.blobCorrupt, payload)
        case .blobsPruned(let payload): (.blobsPruned, payload)
        case .recordingImported(let payload): (.recordingImported, payload)
        case .logCheckpointed(let payload): (.logCheckpointed, payload)
        case .logRecovered(let payload): (.logRecovered, payload)
        case .fallback(let payload): (.fallback, payload)
        case .unknown: (.fallback, nil)
        }
    }
}
