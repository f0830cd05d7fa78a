// SPDX-License-Identifier: Apache-2.0

public import SystemPackage

/// Where containerd is, and which of its namespaces is meant.
public struct ContainerdTarget: Hashable, Sendable {
    /// The socket; `nil` for `/run/containerd/containerd.sock`.
    public var address: String?
    /// The namespace; BuildKit's own is `buildkit`.
    public var namespace: String

    /// Makes one of its parts.
    public init(address: String? = nil, namespace: String = "buildkit") {
        self.address = address
        self.namespace = namespace
    }
}

/// Puts images into a running containerd.
public protocol ContainerdClient: Sendable {
    /// Stores every blob of an OCI archive, and an image for each name that its `index.json` gives.
    ///
    /// - Parameters:
    ///   - archive: The archive, complete.
    ///   - unpack: Whether layers are unpacked into the default snapshotter.
    /// - Throws: `ExportError.program` with what containerd said.
    func importImage(archive: FilePath, into target: ContainerdTarget, unpack: Bool) async throws
}
