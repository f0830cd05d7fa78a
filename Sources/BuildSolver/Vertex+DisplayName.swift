// SPDX-License-Identifier: Apache-2.0

public import LLB

extension Vertex {
    /// What a person calls the step: the frontend's name for it, else one made of the operation.
    public var displayName: String {
        if let given = metadata.description["llb.customname"], !given.isEmpty { return given }
        return switch operation {
        case .source(let source): source.identifier
        case .exec(let exec): exec.arguments.joined(separator: " ")
        case .file: "file operations"
        case .merge: "merge"
        case .diff: "diff"
        case .build: "build"
        }
    }
}
