// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import SystemPackage

/// The names in a directory, without `.` and `..`, in byte order.
struct DirectoryReader {
    let names: [[UInt8]]

    /// Reads the directory at `path`, which may be no symbolic link.
    init(_ path: FilePath) throws {
        let descriptor = try Files.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        try self.init(owning: descriptor.rawValue, subject: path.string)
    }

    /// Reads an open directory, and closes it.
    init(owning raw: Int32, subject: String) throws {
        guard let stream = unsafe fdopendir(raw) else {
            close(raw)
            throw SystemCallError("fdopendir", subject)
        }
        defer { unsafe closedir(stream) }
        var found: [[UInt8]] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
            if name != [0x2E], name != [0x2E, 0x2E] { found.append(name) }
        }
        names = found.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
