// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import CLinux
import Glibc
import Layers
import Synchronization
public import SystemPackage

/// The temporary folder of this process below `<data root>/tmp`, held by a lock.
///
/// The kernel releases the lock when the process dies, however it dies; the next process that starts removes the folder.
public final class ProcessFolder: Sendable {
    /// The folder.
    public let path: FilePath
    /// The builds that dead processes left without an end, as their folders told.
    public let abandoned: [BuildID]
    private let lock: FileDescriptor

    /// Makes the folder, and removes those of dead processes.
    ///
    /// - Parameters:
    ///   - root: The data root.
    ///   - name: A name that no living process uses.
    /// - Throws: `SystemCallError` when the folder can't be made; nothing is left behind.
    public init(root: FilePath, name: String) throws {
        let all = root.appending("tmp")
        guard unsafe mkdir(all.string, 0o700) == 0 || errno == EEXIST else {
            throw SystemCallError("mkdir", all.string)
        }
        // Whoever makes or removes folders here holds the gate, so that none is seen before it is locked.
        let gate = try FileLock(waitingFor: all.appending(".lock"))
        defer { withExtendedLifetime(gate) {} }
        abandoned = Self.sweep(all)
        path = all.appending(name)
        guard unsafe mkdir(path.string, 0o700) == 0 else { throw SystemCallError("mkdir", path.string) }
        let descriptor = unsafe open(path.appending("lock").string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemCallError("open", path.string) }
        lock = FileDescriptor(rawValue: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw SystemCallError("flock", path.string) }
        Self.living.withLock { $0 += 1 }
    }

    deinit {
        Self.clear(path)
        try? lock.close()
        Self.living.withLock { $0 -= 1 }
    }

    private static let living = Mutex(0)

    /// Waits until the temporary folders of this process are removed, a second at most.
    ///
    /// They go with the last reference to them, which some thread may still be letting go of when a command has ended.
    public static func waitForRemoval() {
        for _ in 0..<2000 where living.withLock({ $0 }) + ScratchFolder.livingCount > 0 { usleep(500) }
    }

    /// Notes that `build` runs in this process, until `ended`.
    func began(_ build: BuildID) {
        let note = path.appending("build-\(build)").string
        let descriptor = unsafe reel_openat(AT_FDCWD, note, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
    }

    /// Notes that the log has the end of `build`.
    func ended(_ build: BuildID) { unsafe unlink(path.appending("build-\(build)").string) }

    /// Removes a folder, its lock last: what can't be removed yet is tried again by the next start.
    private static func clear(_ folder: FilePath) {
        for name in RemoveTree.names(in: folder) where name != "lock" { RemoveTree.remove(folder.appending(name)) }
        if RemoveTree.names(in: folder) == ["lock"] { RemoveTree.remove(folder) }
    }

    /// Removes the folders whose lock nobody holds, and returns the builds that they note.
    ///
    /// Those of the layer store, and the gate, are not its business. A folder without a lock file is left alone for a
    /// minute.
    private static func sweep(_ all: FilePath) -> [BuildID] {
        var abandoned: [BuildID] = []
        for name in RemoveTree.names(in: all) where !name.hasPrefix(".") && !name.hasPrefix("reel-") {
            let folder = all.appending(name)
            let descriptor = unsafe open(folder.appending("lock").string, O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else {
                var status = stat()
                if unsafe lstat(folder.string, &status) == 0, time(nil) - status.st_mtim.tv_sec > 60 {
                    RemoveTree.remove(folder)
                }
                continue
            }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                for note in RemoveTree.names(in: folder) where note.hasPrefix("build-") {
                    if let build = try? BuildID(parsing: String(note.dropFirst("build-".count))) {
                        abandoned.append(build)
                    }
                }
                clear(folder)
            }
            close(descriptor)
        }
        return abandoned
    }
}
