// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import CLinux
public import EventStorage
import Glibc
public import Layers
public import SystemPackage

/// A data root, open for work: the log, the layers, and what a build needs around them.
public final class Engine: Sendable {
    /// The version of this program.
    public static let version = "0.1.0"
    /// The number of the rules by which steps are keyed and run; a change of what a step produces raises it.
    public static let semantics = 1

    /// The data root.
    public let root: FilePath
    /// What comes in from the machine.
    public let environment: EngineEnvironment
    /// The layers and all other blobs.
    public let layers: LayerStore
    /// The log.
    public let log: EventLog
    let folder: ProcessFolder
    let locks: KeyLocks
    let sandbox: SandboxSlot

    /// Opens the data root, making it where there is none.
    ///
    /// - Throws: `SystemCallError` or a fault of the log or the store; nothing but empty folders is left behind then.
    public init(root: FilePath, environment: EngineEnvironment) throws {
        try Self.makeFolder(root)
        self.root = root
        self.environment = environment
        log = try EventLog.open(root: root, clock: environment.clock)
        log.warmUp()
        layers = try LayerStore(root: root)
        folder = try ProcessFolder(root: root, name: "\(environment.pid)-\(String(environment.random(), radix: 36))")
        locks = try KeyLocks(root: root)
        sandbox = SandboxSlot()
        endAbandoned()
    }

    deinit { sandbox.close() }

    /// The data root that a person means: `$REEL_ROOT`, else `/var/lib/reel` for root, else `$XDG_DATA_HOME/reel`.
    public static func defaultRoot(in environment: EngineEnvironment) -> FilePath {
        if let given = environment.variables["REEL_ROOT"], !given.isEmpty {
            return FilePath(environment.absolute(given))
        }
        if environment.uid == 0 { return FilePath("/var/lib/reel") }
        let home = environment.variables["HOME"] ?? "/"
        let data = environment.variables["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return FilePath(data ?? home + "/.local/share").appending("reel")
    }

    /// Makes a folder with its parents, where they are missing.
    static func makeFolder(_ path: FilePath) throws {
        if unsafe mkdir(path.string, 0o711) == 0 || currentErrno() == EEXIST { return }
        guard currentErrno() == ENOENT, !path.lexicallyNormalized().components.isEmpty else {
            throw SystemCallError("mkdir", path.string)
        }
        try makeFolder(path.removingLastComponent())
        guard unsafe mkdir(path.string, 0o711) == 0 || currentErrno() == EEXIST else {
            throw SystemCallError("mkdir", path.string)
        }
    }

    /// Writes the end of builds whose process was killed.
    private func endAbandoned() {
        for build in folder.abandoned {
            guard let summary = try? log.build(matching: build.description), summary.status == .running else {
                continue
            }
            log.append(.buildCancelled(BuildCancelled(reason: "found dead")), build: build)
        }
    }

    /// A new build's id.
    func newBuildID() -> BuildID {
        BuildID(time: environment.clock.now(), random: (environment.random(), environment.random()))
    }
}
