// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import Layers

extension BuildRecord {
    /// The request that executes the same graphs under the same rules again.
    func request(relation: String) -> BuildRequest {
        var request = BuildRequest(frontend: .llb([]), contexts: contexts)
        request.relation = (id, relation)
        request.optionsOfRecord = start.options
        request.tags = start.tags
        request.restore(start.options)
        if let epoch = epochOfContext, request.timestamps != .keep { request.timestamps = .clamp(epoch: epoch) }
        return request
    }

    /// The request that asks the frontend again, with the recorded Dockerfile where there is one.
    ///
    /// - Throws: `BuildRecordError.incomplete` when the graph came from outside and was not recorded yet.
    func frontendRequest(relation: String, blobs: BlobStore) throws -> BuildRequest {
        var request = request(relation: relation)
        request.asksFrontend = true
        if let name = start.options["filename"] {
            let bytes = try definitions.first?.dockerfile.map { try blobs.read($0) }
            guard bytes != nil || request.contexts["context"] != nil else {
                throw BuildRecordError.incomplete(id, "it ended before its Dockerfile was stored")
            }
            request.frontend = .dockerfile(name: name, bytes: bytes)
        } else {
            guard let graph = definitions.first else {
                throw BuildRecordError.incomplete(id, "it ended before its graph was stored")
            }
            request.frontend = .llb(try blobs.read(graph.definition))
        }
        return request
    }

    /// Where the contexts were, by name.
    private var contexts: [String: String] { start.happened["contexts"]?.members?.compactMapValues(\.text) ?? [:] }
}
