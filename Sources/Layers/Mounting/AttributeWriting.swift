// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Gives files the attributes that a layer says.
struct AttributeWriting {
    let environment: MountEnvironment

    /// Sets owner, mode, extended attributes and time of an entry; of a symbolic link its own.
    ///
    /// What an ordinary user can't set is left as it is: owners where one id is mapped only.
    func apply(_ attributes: FileAttributes, to name: [UInt8], in folder: FileDescriptor) throws {
        try unsafe PathBytes.withC(name) { path in
            let code = unsafe fchownat(folder.rawValue, path, attributes.uid, attributes.gid, AT_SYMLINK_NOFOLLOW)
            guard code == 0 || environment.hasSingleID else { throw failure("fchownat", name) }
            // After the owner, since a change of owner drops set-id bits and capabilities.
            if attributes.kind != .symbolicLink {
                let code = unsafe fchmodat(folder.rawValue, path, mode_t(attributes.mode), 0)
                guard code == 0 else { throw failure("fchmodat", name) }
            }
        }
        for attribute in attributes.xattrs where ExtendedAttributes.isKept(attribute.name) {
            do {
                try ExtendedAttributes.set(attribute, on: name, in: folder)
            } catch let error as SystemCallError where environment.isRootless && error.code == EPERM {
                continue
            }
        }
        try setTime(attributes.modified, of: name, in: folder)
    }

    /// Sets the times of an entry.
    func setTime(_ time: Timestamp, of name: [UInt8], in folder: FileDescriptor) throws {
        let spec = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds - time.seconds * 1_000_000_000))
        let code = unsafe PathBytes.withC(name) { path in
            unsafe [spec, spec].withUnsafeBufferPointer {
                unsafe utimensat(folder.rawValue, path, $0.baseAddress, AT_SYMLINK_NOFOLLOW)
            }
        }
        guard code == 0 else { throw failure("utimensat", name) }
    }

    private func failure(_ call: String, _ name: [UInt8]) -> SystemCallError {
        SystemCallError(call, PathBytes.text(name))
    }
}
