// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Layers
import SystemPackage

/// Writes the files of the root file system into a directory.
///
/// They are made in a hidden folder within the destination and moved to their places when all are there, so that a
/// failure leaves the destination as it was. Files that are there already and are not part of the result stay.
struct LocalExporter: Exporter {
    let environment: ExportEnvironment

    func export(_ request: ExportRequest) async throws -> ExportResult {
        guard case .path(let text) = request.options.destination else { throw ExportError.usage("dest=… is missing") }
        let path = environment.workingDirectory.pushing(FilePath(text)).lexicallyNormalized()
        return try await Interruptible.run { [environment] in
            let made = try MadeFolders(path)
            do {
                var result = ExportResult(exporter: .local, destination: path.string)
                let destination = try FolderHandle(path)
                let staging = try StagingFolder(in: destination)
                defer { staging.remove() }
                try fill(staging, for: request, environment, &result)
                return result
            } catch {
                made.remove()
                throw error
            }
        }
    }

    private func fill(
        _ staging: StagingFolder,
        for request: ExportRequest,
        _ environment: ExportEnvironment,
        _ result: inout ExportResult
    ) throws {
        let asRoot = geteuid() == 0
        var plans: [(folder: PlatformFolder, plan: TreePlan)] = []
        var lost = 0
        for folder in try PlatformFolder.folders(of: request) {
            let view = try environment.layers.view(folder.image.snapshot)
            let plan = try TreePlan(view)
            if !folder.name.isEmpty { try staging.handle.makeFolder(folder.name) }
            let root = try staging.handle.folder(at: folder.name)
            let writer = TreeWriter(view: view, blobs: environment.layers.blobs, root: root)
            try writer.write(plan, openFolders: !asRoot)
            if !folder.name.isEmpty {
                try staging.handle.setMode(of: folder.name, to: 0o755)
                try staging.handle.setTime(of: folder.name, to: request.epoch)
            }
            lost += writer.lostAttributes.value
            result.bytes += plan.bytes
            plans.append((folder, plan))
        }
        try TreePublisher.move(staging.handle, to: staging.parent)
        if !asRoot {
            for (folder, plan) in plans { try closeFolders(of: plan, in: staging.parent.folder(at: folder.name)) }
        }
        if lost > 0 {
            result.notes.append("\(lost) extended attributes could not be set by this user or on this file system")
        }
    }

    /// Gives directories that their owner may not write to their modes, and the times that moving into them changed.
    private func closeFolders(of plan: TreePlan, in root: FolderHandle) throws {
        for folder in plan.folders.dropFirst().reversed() where folder.entry.attributes.mode & 0o700 != 0o700 {
            let parent = try root.folder(at: folder.entry.path.parent)
            try parent.setMode(of: Array(folder.entry.name), to: folder.entry.attributes.mode)
        }
    }
}

/// A hidden folder in which an export is made ready.
private final class StagingFolder {
    let parent: FolderHandle
    let handle: FolderHandle
    private let name: [UInt8]

    init(in parent: FolderHandle) throws {
        let made = try Self.make(in: parent)
        self.parent = parent
        name = made
        handle = try parent.folder(at: made)
        if Files.group(of: handle.descriptor) != getegid() { try handle.takeOver() }
    }

    private static func make(in parent: FolderHandle) throws -> [UInt8] {
        for number in 0..<10_000 {
            let candidate = Array(".reel-export-\(getpid())-\(number)".utf8)
            if parent.status(of: candidate) != nil { continue }
            try parent.makeFolder(candidate)
            return candidate
        }
        throw ExportError.destination(parent.name, reason: "temporary folders are in the way")
    }

    /// Removes the folder and what is still in it.
    func remove() { try? parent.removeAll(name) }
}

/// The folders that had to be made so that a destination exists.
private struct MadeFolders {
    private var paths: [FilePath] = []

    init(_ path: FilePath) throws {
        var missing = path
        while Files.status(missing, following: true) == nil, missing.lastComponent != nil {
            paths.append(missing)
            missing = missing.removingLastComponent()
        }
        try Files.makeFolders(path)
    }

    /// Removes them, where they are empty.
    func remove() {
        for path in paths { Files.removeEmptyFolder(path) }
    }
}
