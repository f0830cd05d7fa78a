// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel
import RegistryClient
import SystemPackage

/// Pushes an image to the registry of each of its names.
///
/// What the registry has already is not sent; layers of a base from the same registry are mounted from its repository
/// there, and need not be here at all.
struct RegistryExporter: Exporter {
    let environment: ExportEnvironment

    func export(_ request: ExportRequest) async throws -> ExportResult {
        guard let client = try environment.registry() else {
            throw ExportError.unsupported(exporter: "registry", reason: "there is no client for registries here")
        }
        let options = request.options
        let assembled = try await Interruptible.run { [environment] in
            let assembled = try ImageAssembler(store: environment.layers, request: request).assemble(request)
            try environment.layers.blobs.flush()
            return assembled
        }
        let manifests = Set(assembled.images.map(\.manifest.digest) + [assembled.root.digest])
        let blobs = assembled.blobs.filter { !manifests.contains($0.descriptor.digest) }.map(content)
        var pushed = assembled.images.map {
            PushedContent(descriptor: $0.manifest, source: .bytes($0.manifestBytes))
        }
        if let index = assembled.indexBytes {
            pushed.append(PushedContent(descriptor: assembled.root, source: .bytes(index)))
        }
        for name in options.names {
            try await client.push(
                blobs: blobs,
                manifests: pushed,
                to: name,
                byDigest: options.pushByDigest,
                plainHTTP: options.insecureRegistry
            )
        }
        var result = ExportResult(
            exporter: .registry,
            descriptor: assembled.root,
            images: assembled.images.map(\.result),
            names: options.names.map { options.pushByDigest ? $0.byDigest(assembled.root.digest) : $0.description }
        )
        result.notes = assembled.notes(for: options)
        return result
    }

    private func content(_ descriptor: Descriptor, _ content: BlobContent) -> PushedContent {
        let source: PushedContent.Source =
            switch content {
            case .bytes(let bytes): .bytes(bytes)
            case .stored: .file(environment.layers.blobs.path(descriptor.digest))
            case .remote(let reference): .registry(reference, temporary: environment.temporaryDirectory)
            }
        return PushedContent(descriptor: descriptor, source: source)
    }
}

extension ImageReference {
    /// The name with a digest in the place of its tag.
    fileprivate func byDigest(_ digest: ContentDigest) -> String { "\(registry)/\(repository)@\(digest)" }
}
