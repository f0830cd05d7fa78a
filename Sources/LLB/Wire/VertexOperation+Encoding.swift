// SPDX-License-Identifier: Apache-2.0

import BuildModel

extension VertexOperation {
    /// The bytes of the `Op`, whose SHA-256 is the vertex's digest.
    func encode(inputs: [VertexInput], platform: Platform?, constraints: [String]) -> [UInt8] {
        var out = WireWriter()
        out.vertexInputs(inputs)
        if let platform {
            out.message(10) { message in
                message.text(1, platform.architecture)
                message.text(2, platform.os)
                message.text(3, platform.variant)
                message.text(4, platform.osVersion)
            }
        }
        out.message(11) { $0.texts(1, constraints) }
        switch self {
        case .exec(let exec): out.message(2) { exec.write(to: &$0) }
        case .source(let source):
            out.message(3) { message in
                message.text(1, source.identifier)
                message.map(2, source.attributes) { $0.element(2, $1.utf8) }
            }
        case .file(let file):
            out.message(4) { message in
                for action in file.actions { message.message(2) { action.write(to: &$0, inputCount: inputs.count) } }
            }
        case .build(let build): out.message(5) { build.write(to: &$0) }
        case .merge(let merge):
            out.message(6) { message in
                for input in merge.inputs { message.message(1) { $0.index(1, input) } }
            }
        case .diff(let diff):
            out.message(7) { message in
                message.message(1) { $0.index(1, diff.lower) }
                message.message(2) { $0.index(1, diff.upper) }
            }
        case .passthrough(let passthrough):
            out.message(8) { message in
                message.text(1, passthrough.id)
                message.packed(2, passthrough.outputs.map(Int64.init))
            }
        }
        return out.bytes
    }
}

extension WireWriter {
    /// `Op.inputs`.
    mutating func vertexInputs(_ inputs: [VertexInput]) {
        for input in inputs {
            message(1) { message in
                message.text(1, input.digest.description)
                message.integer(2, Int64(input.index))
            }
        }
    }
}

extension BuildOperation {
    fileprivate func write(to out: inout WireWriter) {
        out.index(1, builder)
        out.map(2, inputs) { entry, input in entry.message(2) { $0.index(1, input) } }
        if let definition { out.element(3, definition.encoded) }
        out.map(4, attributes) { $0.element(2, $1.utf8) }
    }
}
