// SPDX-License-Identifier: Apache-2.0

public import SystemPackage

/// What a driver must know of the process that it mounts for.
public struct MountEnvironment: Hashable, Sendable {
    /// Who stacks directories.
    public enum Overlay: Hashable, Sendable {
        /// The kernel's overlayfs.
        case kernel
        /// The program fuse-overlayfs at this path.
        case fuse(program: FilePath)

        /// `overlayfs` or `fuse-overlayfs`.
        public var name: String { self == .kernel ? "overlayfs" : "fuse-overlayfs" }
    }

    /// A folder of this process alone, on the file system of the data root; mounts and upper directories are below it.
    public var folder: FilePath
    /// Whether the process is root in a user namespace only, so that overlayfs keeps its marks in `user.*`.
    public var isRootless: Bool
    /// Whether files can belong to one user and group only, since no more ids are mapped.
    public var hasSingleID: Bool
    /// Who stacks directories.
    public var overlay = Overlay.kernel

    /// Describes a process.
    public init(folder: FilePath, isRootless: Bool = false, hasSingleID: Bool = false) {
        self.folder = folder
        self.isRootless = isRootless
        self.hasSingleID = hasSingleID
    }
}
