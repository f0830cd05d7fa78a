// SPDX-License-Identifier: Apache-2.0

import BuildModel
public import OCIModel
public import SystemPackage

/// The `index.json` of reel's own store, by which other tools see its images.
public enum LayoutIndex {
    /// One image of the store.
    public struct Image: Hashable, Sendable {
        /// Its full name.
        public var name: ImageReference
        /// Its manifest or image index, which the store holds.
        public var descriptor: Descriptor

        /// Makes one of its parts.
        public init(name: ImageReference, descriptor: Descriptor) {
            self.name = name
            self.descriptor = descriptor
        }
    }

    /// Replaces `index.json` in `root` by one that names exactly `images`, and writes `oci-layout` where it is missing.
    ///
    /// `org.opencontainers.image.ref.name` is the familiar name (`hello:1`), since tags alone would collide: `skopeo
    /// inspect oci:ROOT:hello:1`. The same list gives the same bytes; the order of `images` does not matter. A reader
    /// sees the old file or the new one.
    ///
    /// - Throws: `SystemCallError`; the old file is still there then.
    public static func write(_ images: [Image], to root: FilePath) throws {
        let sorted = images.sorted { $0.name.description.utf8.lexicographicallyPrecedes($1.name.description.utf8) }
        let descriptors = sorted.map { image in
            var descriptor = image.descriptor
            descriptor.annotations[LayoutDocuments.imageNameAnnotation] = image.name.description
            descriptor.annotations[LayoutDocuments.refNameAnnotation] = image.name.familiar
            return descriptor
        }
        try AtomicFile.write(LayoutDocuments.layout, to: root.appending("oci-layout"))
        try AtomicFile.write(ImageIndex(manifests: descriptors).json.canonicalBytes, to: root.appending("index.json"))
    }
}
