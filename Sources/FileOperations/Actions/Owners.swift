// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// An owner and a group.
struct OwnerNumbers: Hashable, Sendable {
    var uid: UInt32
    var gid: UInt32
}

/// `/etc/passwd` and `/etc/group` of a tree.
///
/// A name that is not there is no one's, and the file stays root's, as BuildKit has it.
///
/// Source: BuildKit, `solver/llbsolver/ops/user_linux.go`; passwd(5), group(5).
enum AccountFile {
    private static let limit: Int64 = 10 << 20

    /// The user called `name`, with its group.
    static func user(_ name: String, in tree: FileTree) throws -> OwnerNumbers? {
        for fields in try lines("passwd", of: tree) where fields.count >= 4 && fields[0] == name {
            guard let uid = UInt32(fields[2]), let gid = UInt32(fields[3]) else { continue }
            return OwnerNumbers(uid: uid, gid: gid)
        }
        return nil
    }

    /// The number of the group called `name`.
    static func group(_ name: String, in tree: FileTree) throws -> UInt32? {
        for fields in try lines("group", of: tree) where fields.count >= 3 && fields[0] == name {
            if let gid = UInt32(fields[2]) { return gid }
        }
        return nil
    }

    private static func lines(_ name: String, of tree: FileTree) throws -> [[Substring]] {
        let path = "/etc/\(name)"
        guard let node = try tree.find(TreePath.cleanNames(path)) else { return [] }
        guard case .file(let body) = node.body else {
            throw PathFailure.reason(.accounts(path: path, reason: "it is not a regular file"))
        }
        guard body.size <= limit else {
            throw PathFailure.reason(.accounts(path: path, reason: "it has more than \(limit) bytes"))
        }
        return String(decoding: try body.read(limit: limit), as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: ":", omittingEmptySubsequences: false)
        }
    }
}
