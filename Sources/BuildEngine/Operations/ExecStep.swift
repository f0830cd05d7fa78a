// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildSolver
import LLB
import Layers
import OCIModel
import Sandbox
import SystemPackage

/// The execution of an exec vertex: roots mounted, a container run, its output stored, its changes made layers.
struct ExecStep {
    let run: BuildRun
    let vertex: Vertex
    let key: ContentDigest

    /// Runs the step to its end.
    ///
    /// - Throws: What is not the command's own failure. Nothing stays mounted either way.
    func perform(_ exec: ExecOperation, inputs: [Snapshot]) async throws -> StepOutcome {
        let engine = run.engine
        let layers = run.layers
        let ready = try await Offload.run {
            try engine.sandbox.get(
                layers: layers,
                root: engine.root,
                folder: engine.folder.path,
                environment: engine.environment,
                preferred: run.request.variations.contains(.fileorder) ? "directory" : nil
            )
        }
        let mounts = ExecMounts(run: run, vertex: vertex, driver: ready.driver.driver)
        let prepared = try await mounts.prepare(exec, inputs: inputs)
        let step = try await containerStep(exec, prepared: prepared)
        tellOverlay(ready)
        try await tellForeignOwners(prepared.root.base, ready)
        run.log.append(.stepStarted(startEvent(exec, step: step, ready: ready)), build: run.id)
        let (exit, output): (ContainerExit, (blob: ContentDigest, bytes: Int64)?)
        do {
            (exit, output) = try await execute(step, on: ready.runtime)
        } catch let error as SandboxError where error.isOfTheStep {
            return .failed(StepFailed(vertex: vertex.digest, key: key, message: error.description))
        } catch let error as MountError where error.isOfTheStep {
            return .failed(StepFailed(vertex: vertex.digest, key: key, message: error.description))
        }
        if let output {
            let event = StepOutput(vertex: vertex.digest, blob: output.blob, bytes: output.bytes)
            run.log.append(.stepOutput(event), build: run.id)
        }
        let valid = exec.process.validExitCodes.isEmpty ? [0] : exec.process.validExitCodes
        guard case .exited(let code) = exit.outcome, valid.contains(code) else {
            tellSingleID(ready, "it may be why a step failed")
            return .failed(failure(exec, exit))
        }
        let outputs = try await commit(prepared, count: vertex.operation.outputCount ?? 0)
        return .finished(outputs, usage(exit))
    }

    private func containerStep(_ exec: ExecOperation, prepared: PreparedMounts) async throws -> ContainerStep {
        let process = exec.process
        var step = ContainerStep(
            root: prepared.root.mounted,
            args: process.arguments,
            env: try await environment(exec)
        )
        step.workingDirectory = process.workingDirectory
        let layers = run.layers
        let base = prepared.root.base
        step.user = try await Offload.run { try UserLookup(in: layers.view(base)).process(process.user) }
        if !process.hostname.isEmpty { step.hostname = process.hostname }
        step.extraHosts = process.extraHosts.map { ExtraHost(name: $0.host, address: $0.address) }
        step.processLimits = process.ulimits.map { ProcessLimit(name: $0.name, soft: $0.soft, hard: $0.hard) }
        step.network = exec.network == .none || run.request.withoutNetwork ? .none : .host
        step.security = exec.security == .insecure ? .insecure : .sandbox
        if exec.security == .insecure, !run.request.allowed.contains("security.insecure") {
            throw NotAllowed(what: "a step with --security=insecure", entitlement: "security.insecure")
        }
        step.mounts = prepared.others.map(\.mount)
        if let size = run.request.shmSize { step.sharedMemorySize = size }
        step.hasReadOnlyRoot = prepared.root.isReadOnly
        step.removesMountPointsRecursively = process.removesMountStubsRecursively
        for variation in StepVariation.allCases where run.request.variations.contains(variation) {
            variation.apply(to: &step, of: exec)
        }
        return step
    }

    /// The variables of the step: its own, PATH where it has none, proxies, secrets.
    private func environment(_ exec: ExecOperation) async throws -> [String] {
        var environment = exec.process.environment
        if !environment.contains(where: { $0.hasPrefix("PATH=") }) {
            environment.append("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        }
        if let proxy = exec.process.proxy {
            let values = [
                ("HTTP_PROXY", proxy.http), ("HTTPS_PROXY", proxy.https), ("FTP_PROXY", proxy.ftp),
                ("NO_PROXY", proxy.excluded), ("ALL_PROXY", proxy.all),
            ]
            for (name, value) in values where !value.isEmpty {
                environment += ["\(name)=\(value)", "\(name.lowercased())=\(value)"]
            }
        }
        for variable in exec.secretEnvironment {
            guard let value = try run.secrets.value(of: variable.id, optional: variable.isOptional) else { continue }
            run.log.append(.secretUsed(SecretUsed(vertex: vertex.digest, id: variable.id)), build: run.id)
            environment.append("\(variable.name)=\(String(decoding: value, as: UTF8.self))")
        }
        return environment
    }

    private func execute(
        _ step: ContainerStep,
        on runtime: ContainerRuntime
    ) async throws -> (ContainerExit, (blob: ContentDigest, bytes: Int64)?) {
        let spool = OutputSpool(path: run.engine.folder.path.appending("output-\(run.id)-\(vertex.digest.hex)"))
        let masked = run.secrets.mask()
        let observer = run.observer
        let digest = vertex.digest
        let exit = try await runtime.run(step) { chunk in
            for piece in masked.apply(chunk) {
                spool.write(piece)
                observer.observe(piece, of: digest)
            }
        }
        for piece in masked.finish() {
            spool.write(piece)
            observer.observe(piece, of: digest)
        }
        // In the engine's own store also in a replay, since the log names it.
        let blobs = run.engine.layers.blobs
        return (exit, try await Offload.run { try spool.finish(into: blobs) })
    }

    private func commit(_ prepared: PreparedMounts, count: Int) async throws -> VertexOutputs {
        let timestamps = run.request.timestamps
        return try await Offload.run {
            let parts = [prepared.root] + prepared.others.compactMap(\.part)
            for part in parts { try part.mounted.removeMountPoints() }
            var snapshots = [Snapshot](repeating: .scratch, count: count)
            var results = [StepResult](
                repeating: StepResult(parent: nil, diffID: nil, chainID: nil, size: 0),
                count: count
            )
            for part in parts {
                guard let output = part.output, snapshots.indices.contains(output) else { continue }
                if part.isReadOnly {
                    snapshots[output] = part.base
                    results[output] = StepResult(
                        parent: part.base.chainID,
                        diffID: nil,
                        chainID: part.base.chainID,
                        size: 0
                    )
                    continue
                }
                let layer = try part.mounted.commit(timestamps: timestamps)
                (snapshots[output], results[output]) = StepResult.adding(layer, to: part.base)
            }
            for part in parts { try part.mounted.unmount() }
            return VertexOutputs(snapshots: snapshots, results: results)
        }
    }
}

extension StepResult {
    /// A layer on a snapshot, as a snapshot and as the log tells it.
    static func adding(_ layer: CommittedLayer, to base: Snapshot) -> (Snapshot, StepResult) {
        let whole = base.appending(layer.diffID)
        return (
            whole, StepResult(parent: base.chainID, diffID: layer.diffID, chainID: whole.chainID, size: layer.size)
        )
    }
}

/// Something that must be permitted first.
struct NotAllowed: Fault, Equatable {
    let what: String
    let entitlement: String
    var kind: FaultKind { .usage }
    var description: String { "\(what) is not permitted; add --allow \(entitlement) if you trust it" }
}

extension SandboxError {
    /// Whether the step asks for what is not there, such as a program.
    fileprivate var isOfTheStep: Bool { if case .notStarted = self { true } else { false } }
}

extension MountError {
    /// Whether it is a path that the step names which can't be mounted.
    fileprivate var isOfTheStep: Bool {
        switch self {
        case .mountPoint, .unusable, .unknownName: true
        default: false
        }
    }
}
