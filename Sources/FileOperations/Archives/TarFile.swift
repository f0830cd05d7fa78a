// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import Layers
public import SystemPackage

/// A tar that is a file of its own, plain or compressed with gzip, bzip2, xz or zstd.
public enum TarFile {
    /// Takes what is in the tar into `layers`, as a layer alone.
    ///
    /// - Parameters:
    ///   - file: A file that can be read at any offset.
    ///   - name: What to call it in messages.
    /// - Returns: `nil` where the file is no tar, told by its content.
    /// - Throws: `FileOperationError` for a tar that is damaged or hostile, `Errno`.
    public static func take(
        _ file: FileDescriptor,
        named name: String,
        into layers: LayerStore
    ) throws -> ContentDigest? {
        let size = try file.seek(offset: 0, from: .end)
        do {
            let archive = try Archive(size: size, path: name, layers: layers) { offset, count in
                try piece(of: file, at: offset, count: Int(max(0, min(Int64(count), size - offset))))
            }
            return try archive?.layer()
        } catch let PathFailure.reason(reason) {
            throw FileOperationError("read \(name)", reason)
        }
    }

    private static func piece(of file: FileDescriptor, at offset: Int64, count: Int) throws -> [UInt8] {
        guard count > 0 else { return [] }
        return try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[filled..<count]
                )
                let read = try unsafe file.read(fromAbsoluteOffset: offset + Int64(filled), into: rest)
                guard read > 0 else { return }
                filled += read
            }
        }
    }
}
