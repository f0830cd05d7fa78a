// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import LLB
import Sandbox
import Synchronization
import SystemPackage

/// The secrets of one build: read when a step needs them, and held in memory or in a tmpfs of this process alone.
///
/// A value never reaches the log, a key, a layer or the data root: files for steps lie in a tmpfs that is mounted in
/// reel's own mount namespace and goes with it.
final class BuildSecrets: Sendable {
    private struct State {
        var values: [String: [UInt8]] = [:]
        var folder: FilePath?
        var files = 0
    }

    private let sources: [String: SecretSource]
    private let agents: [String: String]
    private let environment: EngineEnvironment
    private let parent: FilePath
    private let state = Mutex(State())

    /// Prepares the secrets; nothing is read yet.
    ///
    /// - Parameters:
    ///   - agents: Sockets of SSH agents, by id.
    ///   - parent: The folder of this process, in which the tmpfs is mounted.
    init(
        sources: [String: SecretSource],
        agents: [String: String],
        environment: EngineEnvironment,
        parent: FilePath
    ) {
        self.sources = sources
        self.agents = agents
        self.environment = environment
        self.parent = parent
    }

    deinit {
        if let folder = state.withLock(\.folder) { unsafe umount2(folder.string, Int32(MNT_DETACH)) }
    }

    /// Whether a secret with this id was given.
    func has(_ id: String) -> Bool { sources[id] != nil }

    /// Whether an agent with this id was given.
    func hasAgent(_ id: String) -> Bool { agents[id] != nil }

    /// The value of a secret; `nil` for an optional one that was not given.
    ///
    /// - Throws: `MissingSecret`.
    func value(of id: String, optional: Bool) throws -> [UInt8]? {
        if let known = state.withLock({ $0.values[id] }) { return known }
        guard let source = sources[id] else {
            if optional { return nil }
            throw MissingSecret(id: id, reason: "it was not given; add --secret id=\(id),src=FILE or ,env=NAME")
        }
        let value: [UInt8]
        switch source {
        case .file(let path):
            guard let read = try ContextFiles.read(FilePath(environment.absolute(path))) else {
                throw MissingSecret(id: id, reason: "its file \(path) does not exist")
            }
            value = read
        case .variable(let name):
            guard let text = environment.variables[name] else {
                throw MissingSecret(id: id, reason: "the variable \(name) is not set")
            }
            value = Array(text.utf8)
        }
        guard value.count <= 500 << 10 else { throw MissingSecret(id: id, reason: "it is larger than 500 KiB") }
        state.withLock { $0.values[id] = value }
        return value
    }

    /// A file in memory with the secret, its owner and its mode; `nil` for an optional one that was not given.
    func file(for secret: SecretMount) async throws -> FilePath? {
        guard let value = try value(of: secret.id, optional: secret.isOptional) else { return nil }
        return try await Offload.run { try self.write(value, for: secret) }
    }

    private func write(_ value: [UInt8], for secret: SecretMount) throws -> FilePath {
        try state.withLock { state in
            let folder = try state.folder ?? mountFolder()
            state.folder = folder
            state.files += 1
            let path = folder.appending(String(state.files))
            let opened = unsafe reel_openat(AT_FDCWD, path.string, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard opened >= 0 else { throw SystemCallError("open", "the secret '\(secret.id)'") }
            let file = FileDescriptor(rawValue: opened)
            defer { try? file.close() }
            try file.writeAll(value)
            guard fchown(opened, secret.uid, secret.gid) == 0, fchmod(opened, secret.mode & 0o7777) == 0 else {
                throw SystemCallError("fchown", "the secret '\(secret.id)'")
            }
            return path
        }
    }

    private func mountFolder() throws -> FilePath {
        let folder = parent.appending("secrets")
        guard mkdirIfMissing(folder) else { throw SystemCallError("mkdir", folder.string) }
        let flags = UInt(MS_NOSUID) | UInt(MS_NODEV) | UInt(MS_NOEXEC)
        guard unsafe mount("tmpfs", folder.string, "tmpfs", flags, "mode=0711,size=64m") == 0 else {
            throw SystemCallError("mount", "a tmpfs for secrets")
        }
        return folder
    }

    /// The socket of an SSH agent; `nil` for an optional one that was not given.
    func agentSocket(for agent: SecretMount) throws -> FilePath? {
        if let path = agents[agent.id] { return FilePath(environment.absolute(path)) }
        if agent.isOptional { return nil }
        throw MissingSecret(id: agent.id, reason: "no SSH agent was given; add --ssh \(agent.id)=SOCKET")
    }

    /// A mask for the values that are known by now.
    func mask() -> OutputMask {
        OutputMask(values: state.withLock { Array($0.values.values) })
    }
}

/// A secret that a step requires and that can't be had.
struct MissingSecret: Fault, Equatable {
    let id: String
    let reason: String
    var kind: FaultKind { .secretMissing }
    var description: String { "the secret '\(id)' is required: \(reason)" }
}
