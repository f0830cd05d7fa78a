// SPDX-License-Identifier: Apache-2.0

/// The forms in which a layer can be given away.
public enum Compression: String, Hashable, Sendable, CaseIterable {
    /// The tar as it is.
    case uncompressed
    /// gzip members of 1 MiB of the tar each, the same on any number of processors.
    case gzip
    /// Zstandard frames of 4 MiB of the tar each, the same on any number of processors.
    case zstd
}
