// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Reading symbolic links.
enum LinkTarget {
    /// The target of the link called `name` in `folder`; of `folder` itself, opened as a link, for the empty name.
    static func read(_ name: [UInt8], in folder: FileDescriptor) throws -> [UInt8] {
        let limit = 4096
        return try unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: limit) { buffer in
            guard let base = buffer.baseAddress else { return [] }
            let count = unsafe PathBytes.withC(name) { unsafe readlinkat(folder.rawValue, $0, base, limit) }
            guard count >= 0 else { throw SystemCallError("readlinkat", PathBytes.text(name)) }
            return unsafe Array(UnsafeRawBufferPointer(start: base, count: count))
        }
    }
}
