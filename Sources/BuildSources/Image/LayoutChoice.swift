// SPDX-License-Identifier: Apache-2.0

import BuildModel
import OCIModel

/// Which image of an OCI layout is meant.
struct LayoutChoice {
    let documents: ImageDocuments
    let options: ImageImportOptions

    private var path: String { documents.files.path }

    private func malformed(_ reason: String) -> ImageImportError { .malformed(path: path, reason: reason) }

    /// The names under which layouts know an image.
    static func names(of descriptor: Descriptor) -> [String] {
        ["io.containerd.image.name", "org.opencontainers.image.ref.name"].compactMap { descriptor.annotations[$0] }
    }

    /// The image that is meant, and the names it has.
    ///
    /// - Throws: `ImageImportError.noSuchImage`, `.ambiguous`, `.noPlatform`.
    func chosen() throws -> (descriptor: Descriptor, names: [String]) {
        guard let json = try documents.json(named: "index.json") else { throw malformed("it has no index.json") }
        let index: ImageIndex
        do { index = try ImageIndex(json: json) } catch { throw malformed("index.json: \(error)") }
        let all = index.manifests.filter { !PlatformChoice.isAttestation($0) }
        let known = Set(all.flatMap(Self.names)).sorted()
        var candidates = all
        if let reference = options.reference {
            candidates = all.filter { matches($0, reference) }
            guard !candidates.isEmpty else {
                throw ImageImportError.noSuchImage(path: path, name: reference, names: known)
            }
        }
        guard let first = candidates.first else { throw malformed("its index.json names no image") }
        let names = Set(candidates.flatMap(Self.names)).sorted()
        if candidates.allSatisfy({ $0.digest == first.digest }) { return (first, names) }
        // Several platforms under one name, or under none, stand for an image index.
        if Set(candidates.map(Self.names)).count == 1, candidates.allSatisfy({ $0.platform != nil }) {
            return (try platformChoice(candidates), names)
        }
        throw ImageImportError.ambiguous(
            path: path,
            names: known.isEmpty ? candidates.map(\.digest.description) : known
        )
    }

    private func matches(_ descriptor: Descriptor, _ reference: String) -> Bool {
        if descriptor.digest.description == reference { return true }
        let full = (try? ImageReference(parsing: reference))?.description
        return Self.names(of: descriptor).contains { $0 == reference || $0 == full }
    }

    private func platformChoice(_ descriptors: [Descriptor]) throws -> Descriptor {
        try ManifestForm.choose(descriptors, for: options.platform, path: path)
    }
}
