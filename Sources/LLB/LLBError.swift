// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A definition that can't be used.
public enum LLBError: Fault, Equatable {
    /// The bytes are no serialized message of the kind named.
    case malformed(String)
    /// There are more of something than is allowed.
    case tooLarge(what: String, limit: Int)
    /// There are no vertices.
    case empty
    /// The last vertex does not name exactly the result.
    case noResult(String)
    /// A vertex does something that is not known.
    case unknownOperation(vertex: ContentDigest, what: String)
    /// A message has a field that is not known, so what it asks for would be left out.
    case unknownField(vertex: ContentDigest, message: String, number: Int)
    /// A vertex reads one that the definition does not have.
    case danglingInput(vertex: ContentDigest, input: String)
    /// A vertex reads an output that its input does not have.
    case missingOutput(vertex: ContentDigest, input: VertexInput)
    /// Vertices read each other in a ring.
    case cycle(vertex: ContentDigest)
    /// An operation contradicts itself.
    case invalid(vertex: ContentDigest, reason: String)

    /// Always `.usage`.
    public var kind: FaultKind { .usage }

    /// One sentence that names the vertex.
    public var description: String {
        switch self {
        case .malformed(let what): "the LLB is not valid: \(what); give a serialized pb.Definition"
        case .tooLarge(let what, let limit): "the LLB has too many \(what): at most \(limit) are read"
        case .empty: "the LLB has no vertices; give a definition with a result"
        case .noResult(let why): "the LLB's last vertex must name the result alone: \(why)"
        case .unknownOperation(let vertex, let what): "LLB vertex \(vertex): \(what) is not supported"
        case .unknownField(let vertex, let message, let number):
            "LLB vertex \(vertex): field \(number) of \(message) is not supported"
        case .danglingInput(let vertex, let input):
            "LLB vertex \(vertex): its input '\(input)' is not in the definition"
        case .missingOutput(let vertex, let input):
            "LLB vertex \(vertex): its input \(input.digest) has no output \(input.index)"
        case .cycle(let vertex): "LLB vertex \(vertex): it depends on itself"
        case .invalid(let vertex, let reason): "LLB vertex \(vertex): \(reason)"
        }
    }
}
