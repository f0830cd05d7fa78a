// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildSources
import DockerfileFrontend
import Layers
import OCIModel
import RegistryClient
import SystemPackage

/// An image that a build stands on, found and pinned.
struct FoundImage: Sendable {
    /// What the name stands for.
    var pin: ContentDigest
    /// The configuration for the platform asked for.
    var config: ImageConfig
    /// Where it was found: `store`, `registry`, `layout`, `containerd`.
    var how: String
    /// The documents that a replay needs.
    var documents: [ContentDigest]
    /// Whether its layers stay where they are until something reads them.
    var isLazy: Bool

    /// The DiffIDs of the layers that count, lowest first.
    private(set) var layers: [ContentDigest]

    init(
        pin: ContentDigest,
        config: ImageConfig,
        how: String,
        documents: [ContentDigest],
        isLazy: Bool
    ) {
        self.pin = pin
        self.config = config
        self.how = how
        self.documents = documents
        self.isLazy = isLazy
        layers = config.diffIDs
    }

    /// The root file system.
    var snapshot: Snapshot { Snapshot(layers: layers) }

    /// Leaves out all but the lowest layers, where the graph asks for no more.
    mutating func keepLowest(_ limit: String?) {
        guard let limit = limit.flatMap({ Int($0) }) else { return }
        layers = Array(layers.prefix(max(0, limit)))
    }

    /// The image as the event of its resolution.
    func event(identifier: String, type: String, platform: Platform) -> SourceResolved {
        var event = SourceResolved(
            identifier: identifier,
            type: type,
            pin: pin.description,
            how: how,
            layers: layers,
            blobs: documents,
            details: ["platform": platform.description]
        )
        if how != "store" { event.details["place"] = how }
        event.isLazy = isLazy
        return event
    }
}

/// Where images are found: reel's own store first, then the registry that the name says.
struct ImageSources: Sendable {
    let run: BuildRun

    /// Which places count.
    enum Mode: String {
        /// The store, then the registry.
        case `default`
        /// The registry alone.
        case pull
        /// The store alone.
        case local
    }

    /// Finds the image that a name means.
    ///
    /// A name costs one request a build, a name with a digest none where the documents are here already.
    ///
    /// - Throws: `SourceResolutionError.noImage` with what the registry said; other errors of documents.
    func find(_ reference: ImageReference, platform: Platform, mode: Mode = .default) async throws -> FoundImage {
        if mode != .pull, let stored = try run.images.image(reference, platform: platform) {
            return FoundImage(
                pin: stored.manifest,
                config: try run.images.config(of: stored),
                how: "store",
                documents: [stored.manifest, stored.config],
                isLazy: false
            )
        }
        guard mode != .local else { throw SourceResolutionError.unknownImage(reference.familiar) }
        do { return try await ask(reference, platform: platform) } catch let error as RegistryError {
            throw SourceResolutionError.noImage(reference.familiar, error)
        }
    }

    private func ask(_ reference: ImageReference, platform: Platform) async throws -> FoundImage {
        let root = try await root(of: reference)
        let origin: any ImageOrigin =
            run.request.offline == .no
            ? try run.registry.origin(reference) : OfflineOrigin(subject: reference.familiar)
        let image = try await RemoteImage(root, for: platform, from: origin, into: run.engine.layers.blobs)
        run.supply.offer(image, from: origin, source: "docker-image://\(reference)", repository: reference)
        return FoundImage(image, how: "registry", in: run.engine.layers)
    }

    /// What a name stands for: now, or last where the network is ruled out.
    private func root(of reference: ImageReference) async throws -> Descriptor {
        if run.request.offline == .no { return try await run.registry.resolve(reference) }
        var digest = reference.digest
        if digest == nil, run.request.offline == .last {
            digest = try run.lastPin("docker-image://\(reference)").flatMap { try? ContentDigest(parsing: $0) }
            let words = "with --offline=last the last pin is used, and nobody is asked for a newer one"
            run.log.append(.fallback(Fallback(subject: reference.familiar, reason: words)), build: run.id)
        }
        guard let digest else {
            throw SourceResolutionError.offline(
                run.request.offline == .last
                    ? "\(reference.familiar) was never resolved here, and the network is ruled out"
                    : "what \(reference.familiar) is can't be asked with --offline; --offline=last takes what it was last"
            )
        }
        return Descriptor(mediaType: MediaType.ociManifest, digest: digest, size: 0)
    }

    /// Finds an image in what a named context says: a layout, an archive, or containerd.
    ///
    /// - Parameters:
    ///   - name: The context's.
    ///   - reference: A tag or a digest; empty where nothing was said.
    func find(layout name: String, reference: String, platform: Platform) async throws -> FoundImage {
        guard let value = run.request.namedContexts[name], let place = LayoutPlace(value, in: run.engine)
        else { throw SourceResolutionError.unknownLayout(name) }
        let store = run.engine.layers
        // Once pinned, what is here needs no place.
        var root = (try? ContentDigest(parsing: reference)).map {
            Descriptor(mediaType: MediaType.ociManifest, digest: $0, size: 0)
        }
        if root.map({ store.blobs.contains($0.digest) }) != true {
            root = try await place.root(reference: reference, platform: platform)
        }
        guard let root else { throw SourceResolutionError.unknownLayout(name) }
        let origin = try place.origin()
        let image = try await RemoteImage(root, for: platform, from: origin, into: store.blobs)
        run.supply.offer(image, from: origin, source: value)
        return FoundImage(image, how: place.how, in: store)
    }
}

extension FoundImage {
    /// An image elsewhere; lazy as long as not all of its layers are here.
    fileprivate init(_ image: RemoteImage, how: String, in store: LayerStore) {
        let isLazy = !image.layers.allSatisfy { store.contains($0.diffID) }
        self.init(pin: image.pin, config: image.config, how: how, documents: image.documents, isLazy: isLazy)
    }
}

/// The place of an image that may not be asked: what is not here can't be had.
private struct OfflineOrigin: ImageOrigin {
    let subject: String

    private func missing(_ descriptor: Descriptor) -> SourceResolutionError {
        .offline("\(descriptor.digest) of \(subject) is not here, and the network is ruled out")
    }

    func document(_ descriptor: Descriptor) async throws -> [UInt8] { throw missing(descriptor) }

    func copy(_ descriptor: Descriptor, keeping: FilePath, to: @escaping @Sendable ([UInt8]) throws -> Void)
        async throws -> Int64
    { throw missing(descriptor) }
}

/// Answers the frontend, and records each answer.
struct FrontendImages: ImageResolving {
    let run: BuildRun

    func resolve(_ reference: ImageReference, platform: Platform) async throws -> ResolvedImage {
        let identifier = "docker-image://\(reference)"
        let held = try heldReference(reference, identifier)
        return try await record(identifier, type: "image", reference, platform) {
            try await ImageSources(run: run).find(held, platform: platform)
        }
    }

    func resolve(layout: String, reference: String, platform: Platform) async throws -> ResolvedImage {
        let named = try Self.reference(of: layout)
        return try await record("oci-layout://\(layout)", type: "oci-layout", named, platform) {
            try await ImageSources(run: run).find(layout: layout, reference: reference, platform: platform)
        }
    }

    /// The reference with the pin that a recorded build gave it, where that still holds.
    private func heldReference(_ reference: ImageReference, _ identifier: String) throws -> ImageReference {
        guard run.request.pinning != .live, reference.digest == nil,
            let pin = run.recorded?.namedPins[identifier]?.pin
        else { return reference }
        return try ImageReference(parsing: "\(reference)@\(pin)")
    }

    /// A name for an image that has none: the context's, where it can be one.
    private static func reference(of layout: String) throws -> ImageReference {
        if let named = try? ImageReference(parsing: "context.local/\(layout)") { return named }
        return try ImageReference(parsing: "context.local/image")
    }

    private func record(
        _ identifier: String,
        type: String,
        _ reference: ImageReference,
        _ platform: Platform,
        _ find: () async throws -> FoundImage
    ) async throws -> ResolvedImage {
        run.log.append(.sourceResolving(SourceResolving(vertex: nil, identifier: identifier)), build: run.id)
        let found = try await find()
        var event = found.event(identifier: identifier, type: type, platform: platform)
        let previous = try run.lastPin(identifier)
        event.movedFrom = previous == event.pin ? nil : previous
        run.log.append(.sourceResolved(event), build: run.id)
        return ResolvedImage(reference: reference, digest: found.pin, config: found.config)
    }
}
