// SPDX-License-Identifier: Apache-2.0

public import Layers
public import RegistryClient
public import SystemPackage

/// Writes what was built to one kind of place.
///
/// An exporter makes its effect whole or not at all: after an error nothing half-written is left at the destination. Its
/// intent must be durable in the log before it is called. The same request gives the same bytes, whatever the folder,
/// the time zone, the locale or the umask.
public protocol Exporter: Sendable {
    /// Exports `request`.
    ///
    /// Blocking work happens on threads of its own. A cancelled task stops at the next file or layer, cleans up and
    /// throws `CancellationError`.
    func export(_ request: ExportRequest) async throws -> ExportResult
}

/// What exporters need from the process that they run in.
public struct ExportEnvironment: Sendable {
    /// The store that holds the layers.
    public var layers: LayerStore
    /// What relative destinations are relative to; absolute.
    public var workingDirectory: FilePath
    /// A folder for temporary files, on the store's file system.
    public var temporaryDirectory: FilePath
    /// Where `dest=-` goes.
    public var standardOutput: FileDescriptor
    /// How images get into containerd.
    public var containerd: any ContainerdClient
    /// The client for registries, made at the first need; `nil` where nothing can be pushed.
    public var registry: @Sendable () throws -> RegistryClient?

    /// Makes one of its parts.
    public init(
        layers: LayerStore,
        workingDirectory: FilePath,
        temporaryDirectory: FilePath,
        standardOutput: FileDescriptor = .standardOutput,
        containerd: any ContainerdClient = ContainerdProgram(),
        registry: @escaping @Sendable () throws -> RegistryClient? = { nil }
    ) {
        self.layers = layers
        self.workingDirectory = workingDirectory
        self.temporaryDirectory = temporaryDirectory
        self.standardOutput = standardOutput
        self.containerd = containerd
        self.registry = registry
    }
}

extension ExportOptions {
    /// The exporter for these options.
    public func exporter(in environment: ExportEnvironment) -> any Exporter {
        switch type {
        case .oci, .docker: LayoutExporter(environment: environment)
        case .tar: TarExporter(environment: environment)
        case .local: LocalExporter(environment: environment)
        case .image: StoreExporter(environment: environment)
        case .containerd: ContainerdExporter(environment: environment)
        case .registry: RegistryExporter(environment: environment)
        }
    }
}
