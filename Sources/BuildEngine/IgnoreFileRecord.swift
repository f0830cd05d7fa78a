// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel
public import Layers
public import PathPatterns

/// The ignore file of a build's main context, as the pin of that context names it.
public struct IgnoreFileRecord: Hashable, Sendable {
    /// Its path below the context, else its last name.
    public let name: String
    /// The blob of its bytes.
    public let blob: ContentDigest

    init(name: String, blob: ContentDigest) {
        self.name = name
        self.blob = blob
    }

    /// Reads it back from a pin; `nil` where there was no ignore file.
    public init?(of pin: SourceResolved) {
        guard let name = pin.details["ignoreFile"], let text = pin.details["ignoreFileDigest"],
            let blob = try? ContentDigest(parsing: text)
        else { return nil }
        self.init(name: name, blob: blob)
    }

    /// Adds it to a pin.
    func note(in pin: inout SourceResolved) {
        pin.details["ignoreFile"] = name
        pin.details["ignoreFileDigest"] = blob.description
        pin.blobs.append(blob)
    }

    /// Its rules, each with its line.
    ///
    /// - Throws: `BlobError` when it is not stored any more, `PatternError` never for a file that was built with.
    public func rules(from blobs: BlobStore) throws -> IgnoreFile {
        try IgnoreFile(parsing: blobs.read(blob), name: name)
    }
}
