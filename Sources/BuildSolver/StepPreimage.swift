// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import LLB

/// What a step can see of one of its inputs, named by content.
public enum InputIdentity: Hashable, Sendable {
    /// The whole root: its ChainID; `nil` for scratch.
    case root(ContentDigest?)
    /// A part of it: the digest of what was selected, without times.
    case selection(ContentDigest)
    /// None of it.
    case nothing

    var json: JSONValue {
        switch self {
        case .root(nil): ["root": "scratch"]
        case .root(let chainID?): ["root": .string(chainID.description)]
        case .selection(let digest): ["selection": .string(digest.description)]
        case .nothing: "unseen"
        }
    }
}

/// The preimage of a step's key: the readable form of all that its result depends on.
///
/// The key is the SHA-256 of the canonical bytes. Neither the digests of the definition nor names for people are part of
/// it, so the same step in another Dockerfile has the same key.
public enum StepPreimage {
    /// Makes the preimage.
    ///
    /// - Parameters:
    ///   - vertex: The vertex; of its operation everything but proxy variables counts.
    ///   - inputs: What it sees of its inputs, in their order.
    ///   - timestamps: What becomes of times in the layer.
    ///   - semantics: The number of the engine's rules.
    public static func json(
        vertex: Vertex,
        inputs: [InputIdentity],
        timestamps: TimestampPolicy,
        semantics: Int
    ) -> JSONValue {
        var members: [String: JSONValue] = [
            "operation": vertex.operationJSON,
            "operationDigest": .string(vertex.operationDigest.description),
            "inputs": .array(inputs.map(\.json)),
            "semantics": .integer(Int64(semantics)),
        ]
        switch timestamps {
        case .clamp(let epoch): members["timestamps"] = .integer(epoch)
        case .keep: members["timestamps"] = "keep"
        }
        if let platform = vertex.platform { members["platform"] = .string(platform.description) }
        return .object(members)
    }
}
