// SPDX-License-Identifier: Apache-2.0

public import BuildModel

extension LayerStore {
    /// The paths of the members of a stored tar, in its own order, without leading and closing slashes.
    ///
    /// - Throws: `BlobError.missing`, `LayerError.malformed`.
    public func memberPaths(of diffID: ContentDigest) throws -> [[UInt8]] {
        let reader = TarReader(try BlobTarSource(diffID, in: blobs))
        var paths: [[UInt8]] = []
        while let member = try reader.next() {
            paths.append(member.path)
            try reader.passContents(of: member)
        }
        return paths
    }
}
