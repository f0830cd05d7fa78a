// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import LLBProto
import SwiftProtobuf

extension Vertex {
    /// The operation in a readable form, without its inputs, for explanations.
    ///
    /// Not exact: what Go's JSON leaves out is left out here too; `operationDigest` is exact.
    public var operationJSON: JSONValue {
        guard let op = try? PBOp(serializedBytes: bytes), var members = op.dumped.members?["Op"]?.members else {
            return .object([:])
        }
        if var exec = members["exec"]?.members, var meta = exec["meta"]?.members {
            meta["proxy_env"] = nil
            meta["proxyEnv"] = nil
            exec["meta"] = .object(meta)
            members["exec"] = .object(exec)
        }
        return .object(members)
    }

    /// The SHA-256 of the operation's wire form without its inputs' digests, its constraints and its proxy variables.
    ///
    /// Two vertices that do the same to whatever their inputs are have the same one.
    public var operationDigest: ContentDigest {
        var alone = operation
        if case .exec(var exec) = alone {
            exec.process.proxy = nil
            alone = .exec(exec)
        }
        return ContentDigest(of: alone.encode(inputs: [], platform: platform, constraints: []))
    }
}
