// SPDX-License-Identifier: Apache-2.0

import OCIModel

/// The forms in which a layer can be given away.
public enum Compression: String, Hashable, Sendable, CaseIterable {
    /// The tar as it is.
    case uncompressed
    /// gzip members of 1 MiB of the tar each, the same on any number of processors.
    case gzip
    /// Zstandard frames of 8 MiB of the tar each, the same on any number of processors.
    case zstd

    /// The OCI media type of a layer in this form.
    public var mediaType: String {
        switch self {
        case .uncompressed: MediaType.ociLayer
        case .gzip: MediaType.ociLayerGzip
        case .zstd: MediaType.ociLayerZstd
        }
    }

    /// How many pieces a worker has waiting, and how many workers are of use: what bounds the memory.
    var batch: (piecesPerWorker: Int, workers: Int) { self == .zstd ? (1, 16) : (4, 32) }

    /// How many bytes of the tar go into each independent piece.
    var pieceLength: Int {
        switch self {
        case .uncompressed, .gzip: 1 << 20
        case .zstd: 8 << 20
        }
    }
}
