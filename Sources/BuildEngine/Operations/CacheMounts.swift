// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import LLB
import Layers
import OCIModel
import Sandbox
import SystemPackage

/// Cache mounts: folders below the data root that outlive builds, named by the id that the Dockerfile gives.
///
/// What is in them is no part of any key or layer; a build that depends on it is not reproducible.
struct CacheMounts {
    let run: BuildRun
    let driver: any SnapshotDriver

    /// Finds or makes the folder, filled from the mount's input when it is new, and locks it as the sharing asks.
    func prepare(_ mount: ExecMount, cache: CacheMount, inputs: [Snapshot]) async throws -> PreparedMount {
        let base = mount.input.flatMap { inputs.indices.contains($0) ? inputs[$0] : nil } ?? .scratch
        let name = ContentDigest(of: "\(cache.id)\n\(base.chainID?.description ?? "scratch")\n\(mount.selector)").hex
        var lock: KeyLock?
        var folderName = name
        switch cache.sharing {
        case .shared: break
        case .locked: lock = try await run.engine.locks.take("cache-\(name)")
        case .private: (folderName, lock) = try firstFree(name)
        }
        let folder = try await folder(folderName, from: base)
        let source = ContainerMount.Source.directory(folder, subpath: mount.selector)
        let container = ContainerMount(source, at: mount.destination, isReadOnly: mount.isReadOnly)
        return PreparedMount(container, lock: lock)
    }

    private func firstFree(_ name: String) throws -> (String, KeyLock) {
        var number = 0
        while true {
            let candidate = "\(name)-\(number)"
            let path = run.engine.locks.folder.appending("cache-\(candidate)").string
            if let lock = try KeyLock(trying: path) { return (candidate, lock) }
            number += 1
        }
    }

    private func folder(_ name: String, from base: Snapshot) async throws -> FilePath {
        let all = run.engine.root.appending("caches")
        let folder = all.appending(name)
        guard mkdirIfMissing(all) else { throw SystemCallError("mkdir", all.string) }
        if unsafe access(folder.string, F_OK) == 0 { return folder }
        let lock = try await run.engine.locks.take("cache-new-\(name)")
        defer { lock.release() }
        if unsafe access(folder.string, F_OK) == 0 { return folder }
        let fresh = run.engine.folder.path.appending("cache-\(name)")
        guard unsafe mkdir(fresh.string, 0o755) == 0, unsafe chmod(fresh.string, 0o755) == 0 else {
            throw SystemCallError("mkdir", fresh.string)
        }
        if base != .scratch {
            try await TreeExtraction(layers: run.layers, scratch: run.engine.folder.path)
                .write(base, to: fresh, epoch: run.created)
        }
        guard unsafe rename(fresh.string, folder.string) == 0 else { throw SystemCallError("rename", folder.string) }
        return folder
    }
}
