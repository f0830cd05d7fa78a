// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Dispatch
import Layers
import OCIModel
import Synchronization

/// One layer on its way into the store.
struct IncomingLayer: Sendable {
    let bytes: FileRange
    /// The digest that the source states for the bytes as they are; `nil` where it states none.
    let digest: ContentDigest?
    /// The digest of the uncompressed tar, from the image configuration.
    let diffID: ContentDigest
}

extension ImageImporter {
    /// Takes layers into the store, each on a thread of its own as far as there are processors.
    ///
    /// Stated digests are verified before the first layer is stored, so that a tampered image leaves no layer behind.
    func store(_ incoming: [IncomingLayer], path: String) throws {
        let missing = incoming.filter { !layers.contains($0.diffID) }
        try Self.inParallel(missing) { layer in
            guard let expected = layer.digest, expected != layer.diffID else { return }
            let actual = try layer.bytes.digest()
            guard actual == expected else {
                throw ImageImportError.digestMismatch(
                    path: path,
                    subject: "a layer",
                    expected: expected,
                    actual: actual
                )
            }
        }
        var seen: Set<ContentDigest> = []
        try Self.inParallel(missing.filter { seen.insert($0.diffID).inserted }) { layer in
            _ = try layer.bytes.withStream { try layers.importLayer(from: $0, expecting: layer.diffID) }
        }
    }

    private static func inParallel<Item: Sendable>(_ items: [Item], _ work: @Sendable (Item) throws -> Void) throws {
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: items.count) { index in
            guard failure.withLock({ $0 == nil }) else { return }
            do { try work(items[index]) } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
