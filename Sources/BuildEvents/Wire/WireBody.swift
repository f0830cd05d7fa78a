// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// The body of a stored event: `{"is":{…},"was":{…}}`, what a build is and what merely happened.
///
/// Scalars are strings and integers alone: a boolean is 0 or 1, a member without value is left out, and a number that
/// is no 64-bit integer becomes its spelling. `was` is left out when it is empty.
public struct WireBody: Equatable, Sendable {
    /// The semantic members: equal for the same build on another machine and another day.
    public var semantic: [String: JSONValue] = [:]
    /// The volatile members, which no key, recording or comparison looks at.
    public var volatile: [String: JSONValue] = [:]

    /// Makes an empty body.
    public init() {}

    /// Reads a body.
    ///
    /// - Throws: `WireError` unless `is`, and `was` if there, are objects.
    public init(kind: String, reading json: JSONValue) throws(WireError) {
        guard let semantic = json["is"]?.members else {
            throw WireError(kind: kind, member: "is", problem: "is missing")
        }
        self.semantic = semantic
        guard let was = json["was"] else { return }
        guard let volatile = was.members else { throw WireError(kind: kind, member: "was", problem: "is no object") }
        self.volatile = volatile
    }

    /// The body as JSON.
    public var json: JSONValue {
        volatile.isEmpty
            ? .object(["is": .object(semantic)]) : .object(["is": .object(semantic), "was": .object(volatile)])
    }
}

/// A stored event that does not have the form of its kind and version.
public struct WireError: Fault, Equatable {
    /// The event's kind.
    public let kindOfEvent: String
    /// The member that is wrong.
    public let member: String
    /// What is wrong with it.
    public let problem: String

    /// Makes an error about `member` of a body.
    public init(kind: String, member: String, problem: String) {
        kindOfEvent = kind
        self.member = member
        self.problem = problem
    }

    /// Always `.corrupt`.
    public var kind: FaultKind { .corrupt }

    /// One sentence.
    public var description: String {
        "an event '\(kindOfEvent)' has a member '\(member)' that \(problem); 'reel audit' says where"
    }
}

extension JSONValue {
    /// This value in the log's terms: strings and integers alone; `nil` for `null`.
    var logged: JSONValue? {
        switch self {
        case .null: nil
        case .boolean(let value): .integer(value ? 1 : 0)
        case .number(let spelling): .string(spelling)
        case .integer, .string: self
        case .array(let elements): .array(elements.compactMap(\.logged))
        case .object(let members): .object(members.compactMapValues(\.logged))
        }
    }
}
