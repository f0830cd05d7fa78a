// SPDX-License-Identifier: Apache-2.0

public import BuildExporters
public import BuildModel
public import OCIModel

/// What a build gave.
public struct BuildOutcome: Sendable {
    /// The build.
    public var id: BuildID
    /// One image for each platform.
    public var images: [ExportImage]
    /// What the exporters made, in the order of the request.
    public var exports: [ExportResult]
    /// The manifest (or index) digest of the image in reel's own store; `nil` where none was named.
    public var image: ContentDigest?
    /// What every vertex gave, for a comparison.
    public var outputs: [ContentDigest: [Snapshot]]
}

/// A build that did not come to a good end; the log has it too.
public struct BuildFailure: Fault {
    /// The build.
    public let id: BuildID
    /// Why.
    public let cause: any Fault
    /// What kind of trouble it is.
    public var kind: FaultKind { cause.kind }
    /// One sentence.
    public var description: String { cause.description }
}
