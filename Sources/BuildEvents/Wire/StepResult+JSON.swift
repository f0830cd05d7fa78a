// SPDX-License-Identifier: Apache-2.0

public import BuildModel

extension StepResult {
    /// The result as it stands in bodies: `{"chainID":…,"diffID":…,"parent":…,"size":…}`, absent members left out.
    public var json: JSONValue {
        var members: [String: JSONValue] = ["size": .integer(size)]
        if let parent { members["parent"] = .string(parent.description) }
        if let diffID { members["diffID"] = .string(diffID.description) }
        if let chainID { members["chainID"] = .string(chainID.description) }
        return .object(members)
    }

    /// Reads what `json` gives.
    ///
    /// - Throws: `WireError` for anything else.
    public init(json: JSONValue) throws(WireError) { try self.init(json: json, kind: "step.finished") }

    init(json: JSONValue, kind: String) throws(WireError) {
        var body = WireBody()
        guard let members = json.members else {
            throw WireError(kind: kind, member: "results", problem: "holds something that is no object")
        }
        body.semantic = members
        let reader = WireReader(kind: kind, body: body)
        self.init(
            parent: try reader.optionalDigest("parent"),
            diffID: try reader.optionalDigest("diffID"),
            chainID: try reader.optionalDigest("chainID"),
            size: try reader.integer("size")
        )
    }
}
