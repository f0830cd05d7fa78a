// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import SystemPackage

/// Runs steps in containers, through crun or runc.
public final class ContainerRuntime: Sendable {
    /// Which program, found by `RuntimeProgram.find`.
    public let program: RuntimeProgram
    /// Bundles, and the runtime's state, are below it: a folder of this process alone.
    public let folder: FilePath
    /// The namespaces of this process.
    public let namespaces: NamespaceEntry

    /// Prepares to run steps.
    ///
    /// - Parameter folder: Made if it is not there; removed by whoever cleans up after the process.
    public init(program: RuntimeProgram, folder: FilePath, namespaces: NamespaceEntry) throws {
        self.program = program
        self.folder = folder
        self.namespaces = namespaces
    }

    /// The capabilities that a step gets, sorted by name.
    public func capabilities(for security: SecurityMode) -> [String] { [] }

    /// The digest of the canonical JSON of the system call filter; `nil` where none is in force.
    public func seccompDigest(for security: SecurityMode) -> ContentDigest? { nil }

    /// Runs a step to its end.
    ///
    /// Cancelling the task kills every process of the step within a second; `CancellationError` is thrown when they
    /// are gone. However it ends, no process, mount or folder stays, and mount points that were made are removed.
    ///
    /// - Parameter output: Called from one thread at a time, in the order of the offsets; the container waits while it
    ///   runs once the pipes are full.
    /// - Throws: `SandboxError`, `MountError`, `CancellationError`.
    public func run(
        _ step: ContainerStep,
        output: @escaping @Sendable (OutputChunk) -> Void
    ) async throws -> ContainerExit {
        throw SandboxError.noRuntime
    }
}
