// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel

extension BuildDetails {
    /// The members that `reel history inspect --json` adds to those of `reel history ls --json`.
    var json: [String: JSONValue] {
        [
            "engine": JSONValue(started?.engine), "semantics": started.map { JSONValue($0.semantics) } ?? .null,
            "platform": JSONValue(started?.platform), "happened": .object(started?.happened ?? [:]),
            "definitions": .array(definitions.map(Self.json)), "sources": .array(sources.map(Self.json)),
            "contexts": .array(contexts.map(Self.json)),
            "steps": .array(steps.enumerated().map { Self.json($0.element, number: $0.offset + 1) }),
            "skipped": .array(skipped.map { ["name": .string($0.name), "reason": .string($0.reason)] }),
            "exports": .array(exports.map(Self.json)),
            "fallbacks": .array(fallbacks.map { ["subject": .string($0.subject), "reason": .string($0.reason)] }),
            "comparisons": .array(comparisons.map(\.json)),
            "secrets": JSONValue(Set(secrets.map(\.id)).sorted()),
        ]
    }

    private static func json(_ definition: DefinitionLoaded) -> JSONValue {
        [
            "id": JSONValue(definition.definition), "platform": .string(definition.platform),
            "config": JSONValue(definition.config), "dockerfile": JSONValue(definition.dockerfile),
            "vertices": JSONValue(definition.vertices),
        ]
    }

    private static func json(_ source: SourceResolved) -> JSONValue {
        [
            "id": .string(source.identifier), "type": .string(source.type), "pin": .string(source.pin),
            "how": .string(source.how), "movedFrom": JSONValue(source.movedFrom), "layers": JSONValue(source.layers),
            "details": JSONValue(source.details),
        ]
    }

    private static func json(_ context: ContextDigested) -> JSONValue {
        [
            "id": .string(context.name), "digest": JSONValue(context.digest), "manifest": JSONValue(context.manifest),
            "layer": JSONValue(context.layer), "files": JSONValue(context.files), "bytes": .integer(context.bytes),
            "ignoreRules": JSONValue(context.ignoreRules),
        ]
    }

    private static func json(_ step: Step, number: Int) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(step.vertex.description), "number": JSONValue(number), "name": .string(step.name),
            "status": .string(step.status), "key": JSONValue(step.key), "operation": JSONValue(step.operation),
            "duration": step.nanoseconds.map(JSONValue.integer) ?? .null, "output": JSONValue(step.output),
            "outputBytes": .integer(step.outputBytes), "producer": step.producer.map(JSONValue.integer) ?? .null,
            "origin": JSONValue(step.origin),
            "results": .array(
                step.results.map { result in
                    [
                        "diffID": JSONValue(result.diffID), "chainID": JSONValue(result.chainID),
                        "parent": JSONValue(result.parent), "size": .integer(result.size),
                    ]
                }
            ),
        ]
        if let failure = step.failure {
            members["error"] = .string(failure.message)
            members["exitCode"] = failure.exitCode.map { .integer(Int64($0)) } ?? .null
            members["signal"] = failure.signal.map { .integer(Int64($0)) } ?? .null
            members["outOfMemory"] = .boolean(failure.outOfMemory)
        }
        return .object(members)
    }

    private static func json(_ export: Export) -> JSONValue {
        [
            "type": .string(export.started.exporter), "options": JSONValue(export.started.options),
            "destination": export.started.happened["destination"] ?? .null,
            "isFinished": .boolean(export.finished != nil),
            "digests": .object((export.finished?.digests ?? [:]).mapValues { JSONValue($0) }),
            "names": JSONValue(export.finished?.names ?? []),
        ]
    }
}

extension ReplayCompared {
    /// One comparison as an object.
    var json: JSONValue {
        [
            "id": JSONValue(vertex), "original": .string(original.description), "subject": .string(subject),
            "expected": .string(expected), "actual": .string(actual), "identical": .boolean(identical),
        ]
    }
}
