// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A layer that can't be written, read or imported.
public enum LayerError: Fault, Equatable {
    /// An entry came after one that sorts behind it.
    case outOfOrder(path: String, after: String)
    /// An entry came before the directory that it lies in.
    case parentMissing(path: String)
    /// A path, name, link target or attribute that a layer can't hold; the reason is a clause about it.
    case unsupported(path: String, reason: String)
    /// Contents had another length than was announced, which shows that the file changed; both in bytes.
    case contentLength(path: String, expected: Int64, actual: Int64)
    /// The bytes are no tar, or a damaged one, at an offset of the uncompressed stream.
    case malformed(offset: Int64, reason: String)
    /// The compressed stream is damaged or ends early.
    case compressedStream(reason: String)
    /// A file is larger than the caller is ready to hold in memory; both in bytes.
    case tooLarge(path: String, size: Int64, limit: Int64)
    /// A limit of an import was passed; the text says which, and names the numbers.
    case limit(String)
    /// An index changed under the reader; the path says which.
    case damagedIndex(String)
    /// The uncompressed tar has another digest than was expected.
    case unexpectedDiffID(expected: ContentDigest, actual: ContentDigest)
    /// More than 255 symbolic links were followed.
    case tooManyLinks(path: String)
    /// An operation for one kind of entry was asked of another.
    case wrongKind(path: String, expected: FileKind)

    /// `.corrupt` for a wrong DiffID or a damaged index, else `.failed`.
    public var kind: FaultKind {
        switch self {
        case .unexpectedDiffID, .damagedIndex: .corrupt
        default: .failed
        }
    }

    /// One sentence.
    public var description: String {
        switch self {
        case .outOfOrder(let path, let after): "layer entry '\(path)' came after '\(after)'; give entries in byte order"
        case .parentMissing(let path): "layer entry '\(path)' came before its directory; give directories first"
        case .unsupported(let path, let reason): "'\(path)' can't be kept in a layer: \(reason)"
        case .contentLength(let path, let expected, let actual):
            "'\(path)' changed while it was read: \(expected) bytes announced, \(actual) found"
        case .malformed(let offset, let reason): "not a valid layer tar at byte \(offset): \(reason)"
        case .compressedStream(let reason): "the compressed layer can't be read: \(reason)"
        case .tooLarge(let path, let size, let limit):
            "'\(path)' has \(size) bytes, more than the \(limit) that are read at once"
        case .limit(let what): "layer refused: \(what)"
        case .damagedIndex(let path): "the layer index '\(path)' is damaged; remove it, and it is made again"
        case .unexpectedDiffID(let expected, let actual):
            "the layer should have been \(expected), but its contents are \(actual); fetch it again"
        case .tooManyLinks(let path): "'\(path)' leads through more than 255 symbolic links; is there a loop?"
        case .wrongKind(let path, let expected): "'\(path)' is not a \(expected)"
        }
    }
}
