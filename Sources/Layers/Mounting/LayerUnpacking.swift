// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Makes a directory of one layer, with whiteouts and opaque directories in the form that overlayfs reads.
struct LayerUnpacking {
    let store: LayerStore
    let environment: MountEnvironment

    /// Unpacks a layer into the empty directory `target`.
    func unpack(_ diffID: ContentDigest, into target: FilePath) throws {
        let view = try store.bareView(diffID)
        let folder = try RootFolder(target)
        var first: [FileIdentity: [UInt8]] = [:]
        // Directories get their attributes last, deepest first: what is made in them changes their times.
        var directories: [ViewEntry] = []
        try view.walk(from: view.root) { entry in
            if entry.kind == .directory { directories.append(entry) }
            if entry.path.isEmpty { return .descend }
            let (parent, name) = try open(entry.path, in: folder)
            defer { try? parent.close() }
            if entry.linkCount > 1, entry.kind != .directory, let target = first[entry.identity] {
                try link(target, root: folder, name, in: parent)
                return .descend
            }
            let isMade = try make(entry, name, in: parent, view: view)
            if isMade, entry.kind != .directory, entry.kind != .whiteout {
                try AttributeWriting(environment: environment).apply(entry.attributes, to: name, in: parent)
                if entry.linkCount > 1 { first[entry.identity] = entry.path }
            }
            return .descend
        }
        for entry in directories.reversed() { try finish(entry, in: folder) }
    }

    /// The directory that `path` lies in, and the last component.
    private func open(_ path: [UInt8], in folder: RootFolder) throws -> (FileDescriptor, name: [UInt8]) {
        let cut = path.lastIndex(of: PathBytes.slash)
        let name = Array(path[(cut.map { $0 + 1 } ?? 0)...])
        let parent = try folder.open(Array(path[..<(cut ?? 0)]), flags: O_PATH | O_DIRECTORY | O_NOFOLLOW)
        return (parent, name)
    }

    /// Makes an entry.
    ///
    /// - Returns: Whether it is there now; an ordinary user can't have devices, which are left out.
    private func make(_ entry: ViewEntry, _ name: [UInt8], in parent: FileDescriptor, view: LayerView) throws -> Bool {
        let device = entry.attributes.device
        switch entry.kind {
        case .directory: try unsafe check("mkdirat", name) { unsafe mkdirat(parent.rawValue, $0, 0o700) }
        case .regular: try copy(entry, name, in: parent, view: view)
        case .symbolicLink:
            try unsafe PathBytes.withC(entry.linkTarget) { target in
                try unsafe check("symlinkat", name) { unsafe symlinkat(target, parent.rawValue, $0) }
            }
        case .fifo: try unsafe check("mknodat", name) { unsafe mknodat(parent.rawValue, $0, Glibc.S_IFIFO | 0o600, 0) }
        case .whiteout: try unsafe check("mknodat", name) { unsafe mknodat(parent.rawValue, $0, Glibc.S_IFCHR, 0) }
        case .characterDevice, .blockDevice:
            if environment.isRootless { return false }
            let type = entry.kind == .blockDevice ? Glibc.S_IFBLK : Glibc.S_IFCHR
            let number = gnu_dev_makedev(device.major, device.minor)
            try unsafe check("mknodat", name) { unsafe mknodat(parent.rawValue, $0, type | 0o600, number) }
        case .socket: return false
        }
        return true
    }

    private func copy(_ entry: ViewEntry, _ name: [UInt8], in parent: FileDescriptor, view: LayerView) throws {
        let raw = unsafe PathBytes.withC(name) {
            unsafe reel_openat(parent.rawValue, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        guard raw >= 0 else { throw SystemCallError("openat", PathBytes.text(entry.path)) }
        let target = FileDescriptor(rawValue: raw)
        defer { try? target.close() }
        if entry.size == 0 { return }
        guard ftruncate(raw, Int(entry.size)) == 0 else { throw SystemCallError("ftruncate", PathBytes.text(name)) }
        try view.withContent(of: entry) { source, start in
            try DataCopying.copy(from: source, at: start, length: entry.size, to: target, path: entry.path)
        }
    }

    private func link(_ target: [UInt8], root: RootFolder, _ name: [UInt8], in parent: FileDescriptor) throws {
        let (folder, old) = try open(target, in: root)
        defer { try? folder.close() }
        try unsafe PathBytes.withC(old) { old in
            try unsafe check("linkat", name) { unsafe linkat(folder.rawValue, old, parent.rawValue, $0, 0) }
        }
    }

    private func finish(_ entry: ViewEntry, in folder: RootFolder) throws {
        let directory = try folder.open(entry.path, flags: O_PATH | O_DIRECTORY | O_NOFOLLOW)
        defer { try? directory.close() }
        let dot = [UInt8(ascii: ".")]
        if entry.isOpaque {
            let key = environment.isRootless ? "user.overlay.opaque" : "trusted.overlay.opaque"
            let mark = ExtendedAttribute(name: Array(key.utf8), value: [UInt8(ascii: "y")])
            try ExtendedAttributes.set(mark, on: dot, in: directory)
        }
        try AttributeWriting(environment: environment).apply(entry.attributes, to: dot, in: directory)
    }

    private func check(_ call: String, _ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Int32) throws {
        guard unsafe PathBytes.withC(name, body) == 0 else { throw SystemCallError(call, PathBytes.text(name)) }
    }
}
