// SPDX-License-Identifier: Apache-2.0

public import SystemPackage

/// Where the bytes of a regular file come from.
public enum FileContent {
    /// From memory.
    case bytes([UInt8])
    /// From an open file, from `offset` on; its own position is neither used nor moved, holes stay holes.
    ///
    /// With offset 0 the file must end where the announced size says; with another one what follows is not looked at.
    case descriptor(FileDescriptor, offset: Int64 = 0)
    /// From a regular file of a view.
    case entry(ViewEntry, LayerView)
    /// From a closure that is called until it returns `nil`.
    case chunks(() throws -> [UInt8]?)
}
