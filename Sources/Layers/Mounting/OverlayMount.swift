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
    /// Below everything: so that also no layer, or one alone, makes a stack.
    private let empty: FilePath
    /// The same for a container's root, with what every container mounts something at: making it in the upper directory
    /// and removing it again would cost each step half a dozen inodes.
    private let points: FilePath
    private let counter = Atomic<Int>(0)

    /// For roots below `environment.folder`.
    init(store: LayerStore, environment: MountEnvironment) throws {
        self.store = store
        self.environment = environment
        try environment.folder.makeFolder()
        empty = environment.folder.appending("empty")
        try empty.makeFolder(mode: 0o755)
        points = environment.folder.appending("points")
        try Self.makePoints(in: points)
    }

    /// Makes what every container mounts something at, with the same modes whatever the process's umask is.
    private static func makePoints(in folder: FilePath) throws {
        let folders = [folder] + ["proc", "dev", "sys", "etc"].map { folder.appending($0) }
        for path in folders {
            try path.makeFolder(mode: 0o755)
            _ = unsafe chmod(path.string, 0o755)
        }
        for path in ["hosts", "resolv.conf"].map({ folder.appending("etc").appending($0) }) {
            let made = unsafe mknod(path.string, Glibc.S_IFREG | 0o644, 0)
            guard made == 0 || currentErrno() == EEXIST else { throw SystemCallError("mknod", path.string) }
            _ = unsafe chmod(path.string, 0o644)
        }
    }

    /// Mounts directories, lowest first, as the root of a snapshot.
    func root(
        of snapshot: Snapshot,
        lowers: [FilePath],
        writable: Bool,
        forContainer: Bool
    ) throws -> MountedRoot {
        let folder = environment.folder.appending("r\(counter.add(1, ordering: .relaxed).newValue)")
        let server: FuseOverlay?
        do {
            try prepare(folder, snapshot: snapshot, writable: writable)
            let lowest = forContainer ? points : empty
            server = try mount(folder, lowers: [lowest] + lowers, writable: writable)
        } catch {
            try? TreeRemoval.remove(folder)
            throw error
        }
        return MountedRoot(
            mountedIn: folder,
            snapshot: snapshot,
            isWritable: writable,
            store: store,
            environment: environment,
            server: server
        )
    }

    private func prepare(_ folder: FilePath, snapshot: Snapshot, writable: Bool) throws {
        try folder.makeFolder()
        try folder.appending("root").makeFolder()
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

    /// - Returns: The program that serves the mount, if it is not the kernel's.
    private func mount(_ folder: FilePath, lowers: [FilePath], writable: Bool) throws -> FuseOverlay? {
        // Overlayfs takes a directory once. Of two equal layers the upper one hides all that the lower one has.
        var named: Set<FilePath> = []
        let stack = lowers.reversed().filter { named.insert($0).inserted }
        let upper = writable ? MountedRoot.upper(of: folder) : nil
        let work = writable ? folder.appending("work") : nil
        let root = folder.appending("root")
        if case .fuse(let program) = environment.overlay {
            return try FuseOverlay(program: program, lowers: stack, upper: upper, work: work, at: root)
        }
        do {
            try Self.mount(stack, upper: upper, work: work, at: root, isRootless: environment.isRootless)
        } catch let error as MountError {
            // Before Linux 6.7 there is no `lowerdir+`, and the whole stack must fit into one page.
            guard case .refused(let what, _) = error, what.contains("lowerdir+") else { throw error }
            try mountInOnePage(folder, stack: stack, writable: writable)
        }
        return nil
    }

    private static func mount(
        _ stack: [FilePath],
        upper: FilePath?,
        work: FilePath?,
        at root: FilePath,
        isRootless: Bool
    ) throws {
        let overlay = try MountConfiguration("overlay")
        try overlay.set("source", "reel")
        for lower in stack { try overlay.set("lowerdir+", lower.string) }
        if let upper, let work {
            try overlay.set("upperdir", upper.string)
            try overlay.set("workdir", work.string)
            // Nobody needs the upper directory after a power loss: syncing it is wasted.
            try overlay.set("volatile")
        }
        for (key, value) in options { try overlay.set(key, value) }
        if isRootless { try overlay.set("userxattr") }
        try overlay.attach(at: root, attributes: 0)
    }

    /// Off, whatever the kernel's defaults are: each of them would write marks that a layer can't keep.
    private static let options = [("index", "off"), ("metacopy", "off"), ("redirect_dir", "nofollow"), ("xino", "off")]

    /// Why the kernel refuses an overlay in `folder`, in its own words; `nil` when it doesn't.
    static func refusal(in folder: FilePath, isRootless: Bool) -> String? {
        let place = folder.appending("probe-overlay")
        defer { try? TreeRemoval.remove(place) }
        do {
            for name in ["lower", "upper", "work", "root"] { try place.appending(name).makeFolder() }
            let root = place.appending("root")
            let marks = isRootless ? ",userxattr" : ""
            let options = "lowerdir=\(place)/lower,upperdir=\(place)/upper,workdir=\(place)/work\(marks)"
            guard unsafe Glibc.mount("reel", root.string, "overlay", 0, options) == 0 else {
                return errnoText(currentErrno())
            }
            try Unmount.path(root)
            return nil
        } catch {
            return "\(error)"
        }
    }

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
