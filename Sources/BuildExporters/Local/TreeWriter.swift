// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Dispatch
import Glibc
import Layers
import Synchronization
import SystemPackage

/// Makes the files of a view in an empty directory that nobody else writes to.
///
/// As BuildKit's local exporter: everything belongs to the user who runs reel; modes, times, links, devices and extended
/// attributes are those of the view, except for attributes that the user or the file system can't have.
struct TreeWriter: Sendable {
    let view: LayerView
    let blobs: BlobStore
    let root: FolderHandle
    /// How many extended attributes could not be set.
    let lostAttributes = Counter()

    private static let filesPerJob = 64

    /// Files of one directory that one thread makes.
    private struct Job {
        let folder: [UInt8]
        let files: ArraySlice<ViewEntry>
    }

    /// Makes everything in `plan`.
    ///
    /// - Parameter openFolders: Whether directories stay writable for their owner, which must be mended later; who is
    ///   not root could not move them otherwise.
    func write(_ plan: TreePlan, openFolders: Bool) throws {
        for folder in plan.folders.dropFirst() { try root.makeFolder(folder.entry.path) }
        var jobs: [Job] = []
        for folder in plan.folders {
            for start in stride(from: 0, to: folder.files.count, by: Self.filesPerJob) {
                let end = min(start + Self.filesPerJob, folder.files.count)
                jobs.append(Job(folder: folder.entry.path, files: folder.files[start..<end]))
            }
        }
        try run(jobs)
        for name in plan.furtherNames {
            let (target, child) = (try root.folder(at: name.path.parent), name.path.lastName)
            let (source, first) = (try root.folder(at: name.first.parent), name.first.lastName)
            try target.makeName(child, for: first, in: source)
        }
        for folder in plan.folders.dropFirst().reversed() {
            let handle = try root.folder(at: folder.entry.path)
            let attributes = folder.entry.attributes
            try finish(handle.descriptor, attributes, mode: attributes.mode | (openFolders ? 0o700 : 0), handle.name)
        }
    }

    private func run(_ jobs: [Job]) throws {
        let failure = Mutex<(any Error)?>(nil)
        let stop = Stop.current
        DispatchQueue.concurrentPerform(iterations: jobs.count) { index in
            guard failure.withLock({ $0 == nil }) else { return }
            do {
                let handle = try root.folder(at: jobs[index].folder)
                for file in jobs[index].files {
                    try stop?.check()
                    try make(file, in: handle)
                }
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private func make(_ entry: ViewEntry, in folder: FolderHandle) throws {
        let name = Array(entry.name)
        let attributes = entry.attributes
        switch entry.kind {
        case .regular:
            let file = try folder.makeFile(name)
            try file.closeAfter {
                if entry.size > 0 { try ContentCopy(view: view, blobs: blobs).copy(entry, to: file) }
                try finish(file, attributes, mode: attributes.mode, folder.name)
            }
        case .symbolicLink:
            try folder.makeLink(name, target: entry.linkTarget)
            try folder.setTime(of: name, to: attributes.modified)
        case .characterDevice, .blockDevice, .fifo:
            try folder.makeNode(name, kind: entry.kind, mode: attributes.mode, device: attributes.device)
            try folder.setMode(of: name, to: attributes.mode)
            try folder.setTime(of: name, to: attributes.modified)
        case .directory, .socket, .whiteout: break  // directories are made before; views have none of the others
        }
    }

    /// Sets attributes, mode and time of an open file or directory, in an order in which none undoes another.
    private func finish(_ file: FileDescriptor, _ attributes: FileAttributes, mode: UInt16, _ subject: String) throws {
        for attribute in attributes.xattrs {
            let name = String(decoding: attribute.name, as: UTF8.self)
            if unsafe fsetxattr(file.rawValue, name, attribute.value, attribute.value.count, 0) == 0 { continue }
            switch currentErrno() {
            case EPERM, EACCES, EOPNOTSUPP: lostAttributes.add(1)
            default: throw SystemCallError("fsetxattr", "\(subject): \(name)")
            }
        }
        guard fchmod(file.rawValue, mode_t(mode)) == 0 else { throw SystemCallError("fchmod", subject) }
        guard unsafe futimens(file.rawValue, attributes.modified.timespecs) == 0 else {
            throw SystemCallError("futimens", subject)
        }
    }
}

/// A number that several threads add to.
final class Counter: Sendable {
    private let number = Atomic(0)
    /// The sum.
    var value: Int { number.load(ordering: .relaxed) }

    func add(_ more: Int) { number.add(more, ordering: .relaxed) }
}

extension [UInt8] {
    /// The part of a path before its last slash; empty where there is none.
    var parent: [UInt8] { lastIndex(of: UInt8(ascii: "/")).map { Array(self[..<$0]) } ?? [] }

    /// The part of a path after its last slash.
    var lastName: [UInt8] { Array(self[(lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...]) }
}
