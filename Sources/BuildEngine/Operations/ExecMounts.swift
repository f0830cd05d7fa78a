// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import LLB
import Layers
import OCIModel
import Sandbox
import SystemPackage

/// A snapshot that is mounted for a step, and the output that its changes become.
struct MountedPart: Sendable {
    let mounted: MountedRoot
    let base: Snapshot
    let isReadOnly: Bool
    let output: Int?
}

/// A mount beside the root, and the snapshot behind it where there is one.
struct PreparedMount: Sendable {
    let mount: ContainerMount
    let part: MountedPart?
    /// A lock to hold while the step runs.
    let lock: KeyLock?

    init(_ mount: ContainerMount, part: MountedPart? = nil, lock: KeyLock? = nil) {
        self.mount = mount
        self.part = part
        self.lock = lock
    }
}

/// All mounts of a step.
struct PreparedMounts: Sendable {
    var root: MountedPart
    var others: [PreparedMount]
}

/// Makes the mounts of an exec operation.
struct ExecMounts {
    let run: BuildRun
    let vertex: Vertex
    let driver: any SnapshotDriver

    /// Mounts the root and prepares the rest, in the order of the operation.
    ///
    /// - Throws: `MissingSecret`, or what mounting throws; what was mounted goes away with its objects.
    func prepare(_ exec: ExecOperation, inputs: [Snapshot]) async throws -> PreparedMounts {
        var root: MountedPart?
        var others: [PreparedMount] = []
        for mount in exec.mounts {
            if mount.destination == "/" {
                root = try await part(mount, inputs: inputs)
            } else if let prepared = try await prepare(mount, inputs: inputs) {
                others.append(prepared)
            }
        }
        guard let root else { throw UnsupportedOperation(name: "exec without a root mount", step: vertex.name) }
        return PreparedMounts(root: root, others: others)
    }

    private func part(_ mount: ExecMount, inputs: [Snapshot]) async throws -> MountedPart {
        let base = mount.input.flatMap { inputs.indices.contains($0) ? inputs[$0] : nil } ?? .scratch
        // A root needs places for what is mounted into it; the runtime keeps the program from writing there.
        let writable = !mount.isReadOnly || mount.destination == "/"
        let driver = driver
        let isRoot = mount.destination == "/"
        let mounted = try await Offload.run {
            try driver.mount(base, writable: writable, forContainer: isRoot)
        }
        return MountedPart(mounted: mounted, base: base, isReadOnly: mount.isReadOnly, output: mount.output)
    }

    private func prepare(_ mount: ExecMount, inputs: [Snapshot]) async throws -> PreparedMount? {
        switch mount.kind {
        case .bind:
            let part = try await part(mount, inputs: inputs)
            let source = ContainerMount.Source.directory(part.mounted.path, subpath: mount.selector)
            return PreparedMount(
                ContainerMount(source, at: mount.destination, isReadOnly: mount.isReadOnly),
                part: part
            )
        case .tmpfs(let size):
            return PreparedMount(ContainerMount(.temporary(size: size), at: mount.destination))
        case .cache(let cache):
            return try await CacheMounts(run: run, driver: driver).prepare(mount, cache: cache, inputs: inputs)
        case .secret(let secret):
            guard let file = try await run.secrets.file(for: secret) else { return nil }
            run.log.append(.secretUsed(SecretUsed(vertex: vertex.digest, id: secret.id)), build: run.id)
            return PreparedMount(ContainerMount(.file(file), at: mount.destination, isReadOnly: true))
        case .ssh(let ssh):
            guard let socket = try run.secrets.agentSocket(for: ssh) else { return nil }
            run.log.append(.secretUsed(SecretUsed(vertex: vertex.digest, id: ssh.id)), build: run.id)
            return PreparedMount(ContainerMount(.file(socket), at: mount.destination))
        }
    }
}
