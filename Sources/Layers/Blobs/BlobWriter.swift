// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A blob that is being written: bytes go in, a digest comes out.
///
/// For one thread at a time. Released without `finish()`, it leaves nothing behind.
@safe public final class BlobWriter {
    /// How many bytes were written so far.
    public var count: Int64 { 0 }

    init() {}

    /// Appends `bytes`.
    public func write(_ bytes: [UInt8]) throws {}

    /// Appends raw memory.
    public func write(_ buffer: UnsafeRawBufferPointer) throws {}

    /// Appends `count` zero bytes, which become a hole of the file.
    public func writeZeros(_ count: Int64) throws {}

    /// Ends the blob and puts it into the store; what was there under its name stays.
    public func finish() throws -> (digest: ContentDigest, size: Int64) { (ContentDigest(of: ""), 0) }
}
