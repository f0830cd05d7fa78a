// SPDX-License-Identifier: Apache-2.0

import BuildModel
import SystemPackage

/// Files that are read whole.
enum WholeFile {
    /// The bytes of a file; `nil` where there is none.
    ///
    /// - Throws: `SystemCallError`.
    static func read(_ path: FilePath) throws -> [UInt8]? {
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
            return try file.closeAfter {
                let size = Int(try file.seek(offset: 0, from: .end))
                var bytes = [UInt8](repeating: 0, count: size)
                var done = 0
                while done < size {
                    let count = try unsafe bytes.withUnsafeMutableBytes { buffer in
                        try unsafe file.read(
                            fromAbsoluteOffset: Int64(done),
                            into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                        )
                    }
                    if count == 0 { break }
                    done += count
                }
                return Array(bytes[..<done])
            }
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch let error as Errno { throw SystemCallError("read", path.string, code: error.rawValue) }
    }
}
