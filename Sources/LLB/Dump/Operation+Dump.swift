// SPDX-License-Identifier: Apache-2.0

import BuildModel
import FoundationEssentials
import LLBProto
import SwiftProtobuf

extension PBOp {
    /// As BuildKit's `Op.MarshalJSON` writes it.
    var dumped: JSONValue {
        .make { object in
            object.list(
                "inputs",
                inputs.map { input in
                    .make {
                        $0.text("digest", input.digest)
                        $0.number("index", input.index)
                    }
                }
            )
            object.set("Op", .make { $0.set(operationName, dumpedOperation) })
            if hasPlatform { object.set("platform", platform.dumped) }
            if hasConstraints { object.set("constraints", .make { $0.texts("filter", constraints.filter) }) }
        }
    }

    private var operationName: String {
        switch op {
        case nil: ""
        case .exec: "exec"
        case .source: "source"
        case .file: "file"
        case .build: "build"
        case .merge: "merge"
        case .diff: "diff"
        case .passthrough: "passthrough"
        }
    }

    private var dumpedOperation: JSONValue? {
        switch op {
        case nil: nil
        case .exec(let exec): exec.dumped
        case .source(let source):
            .make {
                $0.text("identifier", source.identifier)
                $0.texts("attrs", source.attrs)
            }
        case .file(let file): .make { $0.list("actions", file.actions.map(\.dumped)) }
        case .build(let build): build.dumped
        case .merge(let merge): .make { $0.list("inputs", merge.inputs.map { Self.input($0.input) }) }
        case .diff(let diff):
            .make {
                if diff.hasLower { $0.set("lower", Self.input(diff.lower.input)) }
                if diff.hasUpper { $0.set("upper", Self.input(diff.upper.input)) }
            }
        case .passthrough(let passthrough):
            .make {
                $0.text("id", passthrough.id)
                $0.list("outputs", passthrough.outputs.map(JSONValue.integer))
            }
        }
    }

    fileprivate static func input(_ index: Int64) -> JSONValue { .make { $0.number("input", index) } }
}

extension PBPlatform {
    fileprivate var dumped: JSONValue {
        .make {
            $0.text("Architecture", architecture)
            $0.text("OS", os)
            $0.text("Variant", variant)
            $0.text("OSVersion", osversion)
            $0.texts("OSFeatures", osfeatures)
        }
    }
}

extension PBBuildOp {
    fileprivate var dumped: JSONValue {
        .make {
            $0.number("builder", builder)
            $0.map("inputs", inputs.mapValues { PBOp.input($0.input) })
            if hasDef { $0.set("def", def.dumped) }
            $0.texts("attrs", attrs)
        }
    }
}

extension PBDefinition {
    fileprivate var dumped: JSONValue {
        .make { object in
            object.list("def", def.map { .string(Base64.string($0)) })
            object.map("metadata", metadata.mapValues(\.dumped))
            if hasSource { object.set("Source", source.dumped) }
        }
    }
}

extension PBOpMetadata {
    fileprivate var dumped: JSONValue { (try? VertexMetadata(self).dumped) ?? .object([:]) }
}

extension PBSource {
    fileprivate var dumped: JSONValue {
        .make { object in
            object.map(
                "locations",
                locations.mapValues { places in .make { $0.list("locations", places.locations.map(\.dumped)) } }
            )
            object.list(
                "infos",
                infos.map { info in
                    .make {
                        $0.text("filename", info.filename)
                        $0.data("data", info.data)
                        if info.hasDefinition { $0.set("definition", info.definition.dumped) }
                        $0.text("language", info.language)
                    }
                }
            )
        }
    }
}

extension PBLocation {
    fileprivate var dumped: JSONValue {
        .make { object in
            object.number("sourceIndex", sourceIndex)
            object.list(
                "ranges",
                ranges.map { range in
                    .make {
                        if range.hasStart { $0.set("start", range.start.dumped) }
                        if range.hasEnd { $0.set("end", range.end.dumped) }
                    }
                }
            )
        }
    }
}

extension PBPosition {
    fileprivate var dumped: JSONValue {
        .make {
            $0.number("line", line)
            $0.number("character", character)
        }
    }
}
