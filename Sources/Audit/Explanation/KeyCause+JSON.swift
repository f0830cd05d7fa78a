// SPDX-License-Identifier: Apache-2.0

public import BuildModel

extension KeyCause {
    /// The object that `reel why --json` has for it; `kind` says which members follow.
    public var json: JSONValue {
        switch self {
        case .operation(let path, let before, let after): Self.change("operation", ["path": path], before, after)
        case .mount(let place, let before, let after): Self.change("mount", ["destination": place], before, after)
        case .environment(let name, let before, let after): Self.change("environment", ["name": name], before, after)
        case .buildArgument(let name, let before, let after):
            Self.change("build-argument", ["name": name], before, after)
        case .option(let name, let before, let after): Self.change("option", ["name": name], before, after)
        case .file(let file): file.json
        case .source(let identifier, let before, let after):
            Self.change("source", ["identifier": identifier], before, after)
        case .input(let step, let because):
            ["kind": "input", "step": .string(step), "because": .array(because.map(\.json))]
        case .result(let step, let before, let after): Self.change("result", ["step": step], before, after)
        case .removedStep(let step): ["kind": "removed-step", "step": .string(step)]
        case .timestamps(let before, let after): Self.change("timestamps", [:], before, after)
        case .platform(let before, let after): Self.change("platform", [:], before, after)
        case .semantics(let before, let after): Self.change("semantics", [:], before, after)
        case .newStep: ["kind": "new-step"]
        case .firstBuild: ["kind": "first-build"]
        case .noResult: ["kind": "no-result"]
        case .resultGone: ["kind": "result-gone"]
        case .cacheRefused(let option): ["kind": "cache-refused", "option": .string(option)]
        case .unrecorded(let what): ["kind": "unrecorded", "what": .string(what)]
        }
    }

    private static func change(
        _ kind: String,
        _ names: [String: String],
        _ before: String?,
        _ after: String?
    ) -> JSONValue {
        var members: [String: JSONValue] = ["kind": .string(kind)]
        for (name, value) in names { members[name] = .string(value) }
        members["before"] = before.map { .string($0) } ?? .null
        members["after"] = after.map { .string($0) } ?? .null
        return .object(members)
    }
}
