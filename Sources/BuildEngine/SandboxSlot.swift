// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import Sandbox
import Synchronization
import SystemPackage

/// What steps run in, made when the first step of the process needs it.
final class SandboxSlot: Sendable {
    /// A runtime and the driver of one layer store.
    struct Ready: Sendable {
        let runtime: ContainerRuntime
        let driver: DriverChoice
    }

    private let ready = Mutex<[String: Ready]>([:])
    private let told = Mutex<Set<String>>([])

    /// The sandbox over the store `layers`; made at the first call, which blocks for some milliseconds.
    ///
    /// - Parameter preferred: The driver to use; `nil` for the machine's best or what `REEL_DRIVER` names.
    /// - Throws: `SandboxError` where the machine can't run steps.
    func get(
        layers: LayerStore,
        root: FilePath,
        folder: FilePath,
        environment: EngineEnvironment,
        preferred: String? = nil
    ) throws -> Ready {
        try ready.withLock { ready in
            let key = layers.blobs.root.string + "\n" + (preferred ?? "")
            if let made = ready[key] { return made }
            let namespaces = try NamespaceEntry.enter()
            let own = folder.appending("sandbox-\(ready.count)")
            guard mkdirIfMissing(own) else { throw SystemCallError("mkdir", own.string) }
            let mounting = MountEnvironment(
                folder: own,
                isRootless: namespaces.isRootless,
                hasSingleID: namespaces.identity == .singleID
            )
            let path = environment.variables["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            let made = Ready(
                runtime: try ContainerRuntime(
                    program: RuntimeProgram.find(
                        searchPath: path,
                        preferred: environment.variables["REEL_RUNTIME"]
                    ),
                    folder: own.appending("runtime"),
                    cache: root.appending("runtime"),
                    namespaces: namespaces,
                    clock: environment.clock
                ),
                driver: try DriverChoice.choose(
                    for: layers,
                    in: mounting,
                    preferred: preferred ?? environment.variables["REEL_DRIVER"].flatMap { $0.isEmpty ? nil : $0 },
                    searchPath: path
                )
            )
            ready[key] = made
            return made
        }
    }

    /// Whether a build has not been told of `subject` before: what holds for every step is said once.
    func isNews(_ subject: String, for build: BuildID) -> Bool {
        told.withLock { $0.insert("\(build) \(subject)").inserted }
    }

    /// Unmounts what the drivers keep; nothing may run any more.
    func close() {
        ready.withLock { ready in
            for one in ready.values {
                one.driver.driver.close()
                one.runtime.close()
            }
            ready.removeAll()
        }
    }
}
