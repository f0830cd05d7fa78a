// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import LLB
import OCIModel
import RegistryClient

/// A source that became a pin and a snapshot.
struct ResolvedSource: Sendable {
    var event: SourceResolved
    var snapshot: Snapshot
}

/// Turns source vertices into pins and snapshots.
protocol PinResolving: Sendable {
    /// Resolves one source; blobs of its layers are at hand afterwards, or can be had when a step reads them.
    func resolve(_ source: SourceOperation, vertex: Vertex) async throws -> ResolvedSource
}

/// A source that can't be resolved.
enum SourceResolutionError: Fault, Equatable {
    case unknownContext(String)
    case unknownImage(String)
    case noImage(String, RegistryError)
    case unknownLayout(String)
    case offline(String)
    case unsupported(String)
    case credentials(String)
    case missing(identifier: String, digest: ContentDigest)

    var kind: FaultKind {
        switch self {
        case .unknownContext, .unknownLayout, .unsupported, .credentials: .usage
        case .unknownImage: .failed
        case .offline: .needsNetwork
        case .noImage(_, let error): error.kind == .missing ? .failed : error.kind
        case .missing: .missing
        }
    }

    var description: String {
        switch self {
        case .unknownContext(let name): "no directory was given for the local source '\(name)'; add --local \(name)=DIR"
        case .unknownImage(let name):
            "\(name): no such image in the store; 'reel image import \(name) FILE' takes one in, 'reel image ls' lists them"
        case .noImage(let name, let error):
            "\(name) is not among reel's own images, and \(error); 'reel image import \(name) FILE' takes one in"
        case .offline(let what): what
        case .unknownLayout(let name):
            "no layout was given for the source '\(name)'; add --build-context \(name)=oci-layout://PATH"
        case .unsupported(let identifier): "\(identifier): this kind of source is not supported by this version of reel"
        case .credentials(let identifier):
            "\(identifier): user and password in a URL would be recorded; leave them out and give a secret instead"
        case .missing(let identifier, let digest):
            "\(identifier): \(digest) is not stored here (it was not kept, or it was pruned); import a recording that has it"
        }
    }
}
