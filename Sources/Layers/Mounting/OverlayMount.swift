// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import OCIModel
import Synchronization
import SystemPackage

/// Stacks directories with overlayfs, for both drivers.
///
/// Source: the kernel's Documentation/filesystems/overlayfs.rst.
final class OverlayMount: Sendable {
    private let store: LayerStore
    let environment: MountEnvironment
    private let counter = Atomic<Int>(0)

    /// For roots below `environment.folder`.
    init(store: LayerStore, environment: MountEnvironment) throws {
        self.store = store
        self.environment = environment
        try environment.folder.makeFolder()
    }

    /// Mounts directories, lowest first, as the root of a snapshot.
    func root(of snapshot: Snapshot, lowers: [FilePath], writable: Bool) throws -> MountedRoot {
        let folder = environment.folder.appending("r\(counter.add(1, ordering: .relaxed).newValue)")
        do {
            try prepare(folder, snapshot: snapshot, writable: writable)
            try mount(folder, lowers: lowers, writable: writable)
        } catch {
            try? TreeRemoval.remove(folder)
            throw error
        }
        return MountedRoot(
            mountedIn: folder,
            snapshot: snapshot,
            isWritable: writable,
            store: store,
            environment: environment
        )
    }

    private func prepare(_ folder: FilePath, snapshot: Snapshot, writable: Bool) throws {
        try folder.makeFolder()
        try folder.appending("root").makeFolder()
        // Below everything: so that also no layer, or one alone, makes a stack.
        try folder.appending("empty").makeFolder(mode: 0o755)
        guard writable else { return }
        try folder.appending("work").makeFolder()
        try MountedRoot.upper(of: folder).makeFolder()
        // The root directory's own attributes are those of the upper one.
        let attributes = try snapshot.layers.isEmpty ? nil : store.view(snapshot).root.attributes
        let opened = try RootFolder(folder)
        try withExtendedLifetime(opened) {
            try AttributeWriting(environment: environment).apply(
                attributes ?? FileAttributes(kind: .directory, mode: 0o755),
                to: Array("upper".utf8),
                in: opened.descriptor
            )
        }
    }

    private func mount(_ folder: FilePath, lowers: [FilePath], writable: Bool) throws {
        // Overlayfs takes a directory once. Of two equal layers the upper one hides all that the lower one has.
        var named: Set<FilePath> = []
        let stack = lowers.reversed().filter { named.insert($0).inserted } + [folder.appending("empty")]
        do {
            let overlay = try MountConfiguration("overlay")
            try overlay.set("source", "reel")
            for lower in stack { try overlay.set("lowerdir+", lower.string) }
            if writable {
                try overlay.set("upperdir", MountedRoot.upper(of: folder).string)
                try overlay.set("workdir", folder.appending("work").string)
                // Nobody needs the upper directory after a power loss: syncing it is wasted.
                try overlay.set("volatile")
            }
            for (key, value) in Self.options { try overlay.set(key, value) }
            if environment.isRootless { try overlay.set("userxattr") }
            try overlay.attach(at: folder.appending("root"), attributes: 0)
        } catch let error as MountError {
            // Before Linux 6.7 there is no `lowerdir+`, and the whole stack must fit into one page.
            guard case .refused(let what, _) = error, what.contains("lowerdir+") else { throw error }
            try mountInOnePage(folder, stack: stack, writable: writable)
        }
    }

    /// Off, whatever the kernel's defaults are: each of them would write marks that a layer can't keep.
    private static let options = [("index", "off"), ("metacopy", "off"), ("redirect_dir", "nofollow"), ("xino", "off")]

    private func mountInOnePage(_ folder: FilePath, stack: [FilePath], writable: Bool) throws {
        var options = Self.options.map { "\($0)=\($1)" } + ["lowerdir=" + stack.map(\.string).joined(separator: ":")]
        if writable {
            options += ["upperdir=\(MountedRoot.upper(of: folder))", "workdir=\(folder.appending("work"))", "volatile"]
        }
        if environment.isRootless { options.append("userxattr") }
        let text = options.joined(separator: ",")
        guard text.utf8.count < 4096 else {
            throw MountError.refused(what: "a stack of \(stack.count) layers", reason: "it needs Linux 6.7 or later")
        }
        guard unsafe Glibc.mount("reel", folder.appending("root").string, "overlay", 0, text) == 0 else {
            throw MountError.refused(what: "overlay", reason: errnoText(currentErrno()))
        }
    }
}
