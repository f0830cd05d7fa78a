// SPDX-License-Identifier: Apache-2.0

import BuildModel

extension Definition {
    /// The graph in the language of Graphviz, as `buildctl debug dump-llb --dot` prints.
    ///
    /// Source: BuildKit, `cmd/buildctl/debug/dumpllb.go`, `writeDot`.
    public func dot() -> String {
        var text = "digraph {\n"
        for vertex in wireOrder {
            let (label, shape) = vertex.operation.figure
            text += "  \(Self.quoted(vertex.digest)) [label=\(Self.quoted(label)) shape=\(Self.quoted(shape))];\n"
        }
        let closing = ContentDigest(of: closingBytes)
        if let output {
            text += "  \(Self.quoted(closing)) [label=\(Self.quoted(closing)) shape=\"plaintext\"];\n"
            for vertex in wireOrder { text += Self.edges(of: vertex) }
            text += "  \(Self.quoted(output.digest)) -> \(Self.quoted(closing)) [label=\"\"];\n"
        }
        return text + "}\n"
    }

    /// The graph in the language of Mermaid, inputs above what reads them.
    public func mermaid() -> String {
        var text = "flowchart TD\n"
        for (index, vertex) in wireOrder.enumerated() {
            text += "  v\(index)[\"\(Self.escaped(vertex.name))\"]\n"
        }
        for (index, vertex) in wireOrder.enumerated() {
            for input in vertex.inputs {
                guard let producer = indexes[input.digest] else { continue }
                text += "  v\(producer) -->\(input.index == 0 ? "" : "|\(input.index)|") v\(index)\n"
            }
        }
        if let output, let producer = indexes[output.digest] {
            text += "  v\(producer) -->\(output.index == 0 ? "" : "|\(output.index)|") result([result])\n"
        }
        return text
    }

    private static func edges(of vertex: Vertex) -> String {
        var text = ""
        for (index, input) in vertex.inputs.enumerated() {
            var label = ""
            if case .exec(let exec) = vertex.operation {
                label = exec.mounts.last { $0.input == index && $0.destination != "/" }?.destination ?? ""
            }
            text += "  \(quoted(input.digest)) -> \(quoted(vertex.digest)) [label=\(quoted(label))];\n"
        }
        return text
    }

    private static func quoted(_ text: some CustomStringConvertible) -> String {
        JSONValue.string(text.description).canonicalText
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "#", "<", ">", "&", "`": out += "#\(scalar.value);"
            case "\n", "\r", "\t": out += " "
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}

extension VertexOperation {
    /// Label and shape of a node.
    fileprivate var figure: (String, String) {
        switch self {
        case .source(let source): (source.identifier, "ellipse")
        case .exec(let exec): (exec.process.arguments.joined(separator: " "), "box")
        case .build: ("build", "box3d")
        case .merge: ("merge", "invtriangle")
        case .diff: ("diff", "doublecircle")
        case .file(let file): (file.actions.map(\.change.figure).joined(separator: ","), "note")
        case .passthrough(let passthrough): ("passthrough \(passthrough.id)", "plaintext")
        }
    }
}

extension FileChange {
    fileprivate var figure: String {
        switch self {
        case .copy(let copy): "copy{src=\(copy.source), dest=\(copy.destination)}"
        case .makeFile(let file): "mkfile{path=\(file.path)}"
        case .makeDirectory(let directory): "mkdir{path=\(directory.path)}"
        case .remove(let remove): "rm{path=\(remove.path)}"
        case .symlink(let link): "symlink{oldpath=\(link.target), newpath=\(link.path)}"
        }
    }
}
