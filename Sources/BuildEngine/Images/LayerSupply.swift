// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildSources
import Layers
import OCIModel
import Synchronization
import SystemPackage

/// The layers of a build's base images that are not here, and where they can be had: brought at the first need.
final class LayerSupply: Sendable {
    /// A layer and its place.
    struct Offer: Sendable {
        var layer: RemoteImage.Layer
        var origin: any ImageOrigin
        /// The source as events name it.
        var source: String
        /// The repository; `nil` where the place is no registry.
        var repository: ImageReference?
    }

    private let engine: Engine
    /// The store that the steps read: the engine's, or a replay's own.
    private let layers: LayerStore
    private let log: any EventAppending
    private let build: BuildID
    private let offers = Mutex<[ContentDigest: Offer]>([:])

    /// How many layers are on their way at once.
    private static let parallelTransfers = 4

    init(engine: Engine, layers: LayerStore, log: any EventAppending, build: BuildID) {
        self.engine = engine
        self.layers = layers
        self.log = log
        self.build = build
    }

    /// Makes the layers of an image known.
    func offer(_ image: RemoteImage, from origin: any ImageOrigin, source: String, repository: ImageReference? = nil) {
        offers.withLock { offers in
            for layer in image.layers where offers[layer.diffID] == nil {
                offers[layer.diffID] = Offer(layer: layer, origin: origin, source: source, repository: repository)
            }
        }
    }

    /// What is known about a layer.
    func offer(of diffID: ContentDigest) -> Offer? { offers.withLock { $0[diffID] } }

    /// Calls `body`, and once more when a layer was missing that could be brought meanwhile.
    ///
    /// For work that need not look into every input: what it does not read stays where it is.
    ///
    /// - Parameter inputs: What `body` may read; all of it is brought when one layer of it is missing.
    func providing<Value: Sendable>(
        _ inputs: [Snapshot],
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        do { return try await Offload.run(body) } catch BlobError.missing(let digest) where offer(of: digest) != nil {
            try await provide(inputs)
            return try await Offload.run(body)
        }
    }

    /// Brings every layer of `snapshots` that is not here and is known to be elsewhere.
    ///
    /// - Throws: What the places throw. A layer that nobody offers is no error here: whoever reads it says so.
    func provide(_ snapshots: [Snapshot]) async throws {
        var seen: Set<ContentDigest> = []
        let wanted = snapshots.flatMap(\.layers).filter { seen.insert($0).inserted && !layers.contains($0) }
            .compactMap(offer(of:))
        guard !wanted.isEmpty else { return }
        var waiting = wanted[...]
        try await withThrowingTaskGroup(of: Void.self) { group in
            func start() {
                guard let next = waiting.popFirst() else { return }
                group.addTask { try await self.bring(next) }
            }
            for _ in 0..<Self.parallelTransfers { start() }
            while try await group.next() != nil { start() }
        }
    }

    private func bring(_ offer: Offer) async throws {
        let diffID = offer.layer.diffID
        try await fetch(offer)
        guard engine.layers.blobs.root != layers.blobs.root else { return }
        let (store, origin) = (layers.blobs, engine.layers.blobs)
        try await Offload.run {
            if case .corrupt(let reason) = try origin.verify(diffID) { throw BlobError.corrupt(diffID, reason: reason) }
            try store.adopt(diffID, from: origin)
        }
    }

    private func fetch(_ offer: Offer) async throws {
        let (diffID, store) = (offer.layer.diffID, engine.layers)
        if store.contains(diffID) { return }
        let lock = try await engine.locks.take("fetch-\(offer.layer.blob.digest.hex)")
        defer { lock.release() }
        if store.contains(diffID) { return }
        let clock = engine.environment.clock
        let started = clock.now()
        let transfer = RemoteLayerImport(layers: store, folder: engine.root.appending("arriving"))
        let (fetched, kept) = try await transfer.bring(offer.layer, from: offer.origin)
        let event = LayerFetched(
            layer: diffID,
            blob: offer.layer.blob.digest,
            source: offer.source,
            happened: [
                "bytes": .integer(fetched), "kept": .integer(kept),
                "duration": .integer(clock.now().nanoseconds - started.nanoseconds),
            ]
        )
        log.append(.layerFetched(event), build: build)
    }
}
