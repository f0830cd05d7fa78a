// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// One fact about a build or about the store, recorded once it is true and never edited.
///
/// Payloads separate what a build *is* from what merely happened: members that other machines or other days would give
/// otherwise stand in `Happened` values (durations, process ids, host names), everything else is semantic.
public enum BuildEvent: Equatable, Sendable {
    /// A build was accepted. Always the first event of a build, and present once.
    case buildStarted(BuildStarted)
    /// The frontend gave its graph. After `buildStarted`, before every step; once for each platform.
    case definitionLoaded(DefinitionLoaded)
    /// A source is about to be resolved.
    case sourceResolving(SourceResolving)
    /// A source string became a pin. Before any step that reads it starts.
    case sourceResolved(SourceResolved)
    /// A local context was read and hashed. Before its `sourceResolved`.
    case contextDigested(ContextDigested)
    /// Something in a context was left out that is not a matter of ignore rules, such as a socket.
    case contextSkipped(ContextSkipped)
    /// A layer of a base image arrived, since something needs its files. After the `sourceResolved` that names it.
    case layerFetched(LayerFetched)
    /// A step's key is known. All its inputs have results.
    case stepKeyed(StepKeyed)
    /// A result of an earlier step is used again. After `stepKeyed`; ends the step.
    case stepReused(StepReused)
    /// A step runs. After `stepKeyed`.
    case stepStarted(StepStarted)
    /// All that a step printed. After `stepStarted`, before its end.
    case stepOutput(StepOutput)
    /// A step gave its results. Ends the step.
    case stepFinished(StepFinished)
    /// A step gave none. Ends the step.
    case stepFailed(StepFailed)
    /// A stage or step is not needed or not possible.
    case stepSkipped(StepSkipped)
    /// A step was given a secret; only its id is known here.
    case secretUsed(SecretUsed)
    /// An effect outside the store is about to begin; durable before it does.
    case exportStarted(ExportStarted)
    /// An export is done.
    case exportFinished(ExportFinished)
    /// The build ended well. Always its last event.
    case buildFinished(BuildFinished)
    /// The build failed. Always its last event.
    case buildFailed(BuildFailed)
    /// The person stopped the build. Always its last event.
    case buildCancelled(BuildCancelled)
    /// A replay compared one thing with the record.
    case replayCompared(ReplayCompared)
    /// A cache was read for use.
    case cacheImported(CacheTransfer)
    /// A cache was written.
    case cacheExported(CacheTransfer)
    /// An image is in the store under its names.
    case imageStored(ImageStored)
    /// A name no longer names an image.
    case imageUntagged(ImageUntagged)
    /// A blob that the log names is not there.
    case blobMissing(BlobFault)
    /// A blob does not have the bytes that its digest names.
    case blobCorrupt(BlobFault)
    /// Blobs were removed.
    case blobsPruned(BlobsPruned)
    /// A recording was taken in; its events are read from its blob.
    case recordingImported(RecordingImported)
    /// The head of the log was signed or noted.
    case logCheckpointed(LogCheckpointed)
    /// Events were saved from a damaged log.
    case logRecovered(LogRecovered)
    /// Something was done another way than asked or expected, and why.
    case fallback(Fallback)
    /// A kind that this version does not know, kept as it is.
    case unknown(kind: String, version: Int, body: JSONValue)
}
