// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A blob that is not there, or whose bytes are not the ones it is named for.
public enum BlobError: Fault, Equatable {
    /// The store has no such blob.
    case missing(ContentDigest)
    /// The stored bytes have another digest or length than the blob's name promises.
    case corrupt(ContentDigest, reason: String)
    /// The blob is larger than the caller is ready to hold in memory; both in bytes.
    case tooLarge(ContentDigest, size: Int64, limit: Int64)

    /// `.missing`, `.corrupt`, or `.failed` for one that is too large.
    public var kind: FaultKind {
        switch self {
        case .missing: .missing
        case .corrupt: .corrupt
        case .tooLarge: .failed
        }
    }

    /// One sentence that names the blob.
    public var description: String {
        switch self {
        case .missing(let digest):
            "blob \(digest) is not in the store; build or import again what made it"
        case .corrupt(let digest, let reason):
            "blob \(digest) is damaged: \(reason); remove it and build or import again what made it"
        case .tooLarge(let digest, let size, let limit):
            "blob \(digest) has \(size) bytes, more than the \(limit) that are read at once"
        }
    }
}

/// What a check of a stored blob found.
public enum BlobCondition: Equatable, Sendable {
    /// The bytes are the ones the digest names.
    case intact
    /// The store has no such blob.
    case missing
    /// The bytes are others; the text says how that shows.
    case corrupt(reason: String)
}
