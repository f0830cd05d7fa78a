// SPDX-License-Identifier: Apache-2.0

public import SystemPackage

/// A mount of a step besides its root.
public struct ContainerMount: Hashable, Sendable {
    /// What is mounted.
    public enum Source: Hashable, Sendable {
        /// A directory of this machine: another `MountedRoot`'s path, or a cache folder.
        ///
        /// - Parameter subpath: What of it, resolved inside it like a path in a container; empty for all.
        case directory(FilePath, subpath: String = "")
        /// One file of this machine, such as a secret or a socket.
        case file(FilePath)
        /// Memory; a size of 0 bytes stands for the kernel's default.
        case temporary(size: Int64)
    }

    /// Where in the container, absolute or relative to `/`.
    public var destination: String
    /// What is mounted.
    public var source: Source
    /// Whether it can't be written.
    public var isReadOnly: Bool

    /// Makes one of its parts.
    public init(_ source: Source, at destination: String, isReadOnly: Bool = false) {
        self.source = source
        self.destination = destination
        self.isReadOnly = isReadOnly
    }
}
