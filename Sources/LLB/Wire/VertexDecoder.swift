// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLBProto
import SwiftProtobuf

/// Reads one vertex and checks it by itself.
///
/// Source: BuildKit, `solver/llbsolver/ops/opsutils/validate.go`, and the operations' own checks.
struct VertexDecoder {
    let message: PBOp
    let digest: ContentDigest
    let nesting: Int
    let inputs: [VertexInput]

    init(bytes: [UInt8], digest: ContentDigest, nesting: Int) throws(LLBError) {
        do {
            message = try PBOp(serializedBytes: bytes)
        } catch {
            throw .malformed("vertex \(digest) does not decode as an operation")
        }
        self.digest = digest
        self.nesting = nesting
        if message.op == nil, !message.unknownFields.data.isEmpty { throw Self.unknownOperation(message, digest) }
        try refuseUnknownFields(message, named: "Op", of: digest)
        var inputs: [VertexInput] = []
        for input in message.inputs {
            try refuseUnknownFields(input, named: "Input", of: digest)
            guard let producer = try? ContentDigest(parsing: input.digest) else {
                throw .danglingInput(vertex: digest, input: input.digest)
            }
            inputs.append(VertexInput(digest: producer, index: Int(input.index)))
        }
        self.inputs = inputs
    }

    private static func unknownOperation(_ message: PBOp, _ digest: ContentDigest) -> LLBError {
        do {
            try refuseUnknownFields(message, named: "Op", of: digest)
        } catch {
            if case .unknownField(_, _, let number) = error {
                return .unknownOperation(vertex: digest, what: "the operation of field \(number)")
            }
        }
        return .unknownOperation(vertex: digest, what: "its operation")
    }

    func platform() throws(LLBError) -> Platform? {
        guard message.hasPlatform else { return nil }
        let stated = message.platform
        try check(stated, "Platform")
        return Platform(
            os: stated.os,
            architecture: stated.architecture,
            variant: stated.variant,
            osVersion: stated.osversion
        )
    }

    func constraints() throws(LLBError) -> [String] {
        try check(message.constraints, "WorkerConstraints")
        return message.constraints.filter
    }

    func operation() throws(LLBError) -> VertexOperation {
        switch message.op {
        case nil: throw .unknownOperation(vertex: digest, what: "a vertex without an operation")
        case .source(let source):
            try check(source, "SourceOp")
            return .source(SourceOperation(identifier: source.identifier, attributes: source.attrs))
        case .exec(let exec): return .exec(try read(exec))
        case .file(let file): return .file(try read(file))
        case .merge(let merge):
            try check(merge, "MergeOp")
            return .merge(
                MergeOperation(
                    inputs: try merge.inputs.map { input throws(LLBError) in
                        try check(input, "MergeInput")
                        return try index(input.input, "merge")
                    }
                )
            )
        case .diff(let diff): return .diff(try read(diff))
        case .build(let build): return .build(try read(build))
        case .passthrough(let passthrough): return .passthrough(try read(passthrough))
        }
    }

    private func read(_ diff: PBDiffOp) throws(LLBError) -> DiffOperation {
        try check(diff, "DiffOp")
        try check(diff.lower, "LowerDiffInput")
        try check(diff.upper, "UpperDiffInput")
        guard diff.hasLower, diff.hasUpper else { throw invalid("a diff needs a lower and an upper side") }
        return DiffOperation(
            lower: try index(diff.lower.input, "diff's lower side"),
            upper: try index(diff.upper.input, "diff's upper side")
        )
    }

    private func read(_ build: PBBuildOp) throws(LLBError) -> BuildOperation {
        try check(build, "BuildOp")
        var inputs: [String: Int?] = [:]
        for (name, input) in build.inputs {
            try check(input, "BuildInput")
            inputs.updateValue(try index(input.input, "build's input '\(name)'"), forKey: name)
        }
        var definition: Definition?
        if build.hasDef { definition = try Definition.decode(build.def, nesting: nesting + 1) }
        return BuildOperation(
            builder: try index(build.builder, "builder"),
            inputs: inputs,
            definition: definition,
            attributes: build.attrs
        )
    }

    private func read(_ passthrough: PBPassthroughOp) throws(LLBError) -> PassthroughOperation {
        try check(passthrough, "PassthroughOp")
        guard !passthrough.id.isEmpty, !passthrough.outputs.isEmpty else {
            throw invalid("a passthrough needs an id and an output")
        }
        return PassthroughOperation(
            id: passthrough.id,
            outputs: try passthrough.outputs.map { value throws(LLBError) in
                guard let input = try index(value, "passthrough") else { throw invalid("a passthrough needs inputs") }
                return input
            }
        )
    }

    /// An index of an input; -1 is `nil`.
    func index(_ value: Int64, _ reader: String) throws(LLBError) -> Int? {
        if value == -1 { return nil }
        guard value >= 0, value < Int64(inputs.count) else {
            throw invalid("\(reader) reads input \(value), and there are \(inputs.count)")
        }
        return Int(value)
    }

    func invalid(_ reason: String) -> LLBError { .invalid(vertex: digest, reason: reason) }

    func check(_ message: borrowing some Message, _ name: String) throws(LLBError) {
        try refuseUnknownFields(message, named: name, of: digest)
    }
}
