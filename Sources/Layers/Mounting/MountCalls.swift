// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
public import SystemPackage

/// A file system being configured through the kernel's mount interface.
///
/// Source: fsopen(2), fsconfig(2), fsmount(2), move_mount(2), and Documentation/filesystems/mount_api.rst.
struct MountConfiguration: ~Copyable {
    private let descriptor: Int32
    private let type: String

    /// Starts a file system of a type, such as `overlay`.
    init(_ type: String) throws {
        descriptor = unsafe fsopen(type, UInt32(FSOPEN_CLOEXEC))
        self.type = type
        guard descriptor >= 0 else { throw refusal("fsopen") }
    }

    deinit { close(descriptor) }

    /// Sets `key` to `value`.
    func set(_ key: String, _ value: String) throws {
        guard unsafe fsconfig(descriptor, FSCONFIG_SET_STRING.rawValue, key, value, 0) == 0 else {
            throw refusal("\(key)=\(value)")
        }
    }

    /// Sets an option that has no value.
    func set(_ key: String) throws {
        guard unsafe fsconfig(descriptor, FSCONFIG_SET_FLAG.rawValue, key, nil, 0) == 0 else { throw refusal(key) }
    }

    /// Makes the file system and attaches it at `path`.
    func attach(at path: FilePath, attributes: UInt32) throws {
        guard fsconfig(descriptor, FSCONFIG_CMD_CREATE.rawValue, nil, nil, 0) == 0 else {
            throw refusal("create")
        }
        let mount = fsmount(descriptor, UInt32(FSMOUNT_CLOEXEC), attributes)
        guard mount >= 0 else { throw refusal("fsmount") }
        defer { close(mount) }
        guard unsafe reel_attach_mount(mount, path.string) == 0 else { throw refusal("move_mount to \(path)") }
    }

    /// The errno of the last call, and what the kernel wrote about it.
    private func refusal(_ step: String) -> MountError {
        let code = currentErrno()
        var said: [String] = []
        var buffer = [UInt8](repeating: 0, count: 1024)
        while descriptor >= 0 {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            said.append(
                String(decoding: buffer.prefix(count).drop { $0 != UInt8(ascii: " ") }.dropFirst(), as: UTF8.self)
            )
        }
        let reason = ([errnoText(code)] + said).joined(separator: "; ")
        return .refused(what: "\(type) (\(step))", reason: reason.replacing("\n", with: ""))
    }
}

/// Unmounting.
public enum Unmount {
    /// Unmounts `path`, lazily if something still uses it; what is no mount point is fine.
    ///
    /// - Throws: `SystemCallError`.
    public static func path(_ path: FilePath) throws {
        if unsafe umount2(path.string, Int32(UMOUNT_NOFOLLOW)) == 0 { return }
        switch currentErrno() {
        case EINVAL, ENOENT: return
        case EBUSY: break
        case let code: throw SystemCallError("umount2", path.string, code: code)
        }
        guard unsafe umount2(path.string, Int32(MNT_DETACH | UMOUNT_NOFOLLOW)) == 0 else {
            throw SystemCallError("umount2", path.string)
        }
    }
}
