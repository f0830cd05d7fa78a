// SPDX-License-Identifier: Apache-2.0

import BuildModel
import OCIModel

/// Something with a file tree: a stage of the file, or an image or context that a COPY, a mount or an IMPORT names.
struct StageNode {
    /// What its tree starts from.
    enum Origin: Equatable {
        case scratch
        /// Another node, by number.
        case stage(Int)
        case image(ImageReference)
        case context(name: String, ContextSource)
    }

    var origin: Origin
    /// The stage's number in the file; `nil` for what is no stage.
    var index: Int?
    /// The stage's name, in small letters.
    var name: String?
    /// What the file says where the origin is named.
    var writtenBase: String
    /// FROM's code, or what stands for it.
    var code: String
    /// Where it is named.
    var span: Span
    var lines: ClosedRange<Int>
    var comments: [Comment]
    /// The platform of `FROM --platform`.
    var platform: Platform?
    var commands: [StageCommand] = []
    /// How many steps are counted in the vertices' names.
    var stepCount = 0
    var ignoresCache = false
    /// Whether a named context stands in the place of the stage of the file.
    var isReplaced = false

    /// Whether it is made by instructions of the file.
    var isBuilt: Bool { index != nil && !isReplaced }

    /// How the display names it.
    var displayName: String { name ?? index.map { "stage-\($0)" } ?? "" }

    /// The nodes that it needs.
    var dependencies: [Int] {
        var result = commands.flatMap { $0.sources.compactMap(\.self) }
        if case .stage(let base) = origin { result.append(base) }
        return result
    }
}

/// An instruction of a stage, with what it reads from.
struct StageCommand {
    var instruction: Instruction
    /// The nodes that COPY --from, each mount, or IMPORT reads; `nil` for the main context.
    var sources: [Int?] = []
    /// The file that it stands in: the Dockerfile, or an image's trigger.
    var file: SourceFile
    /// The place of FROM, for an image's trigger.
    var triggerSpan: Span?
    var triggerLines: ClosedRange<Int>?

    var isTrigger: Bool { triggerSpan != nil }
    var lines: ClosedRange<Int> { triggerLines ?? instruction.header.lines }

    /// An error at a place of the instruction; for a trigger, at its FROM.
    func error(_ message: String, at span: Span, advice: String? = nil, in main: SourceFile) -> DockerfileError {
        guard let triggerSpan else { return file.error(message, at: span, advice: advice) }
        return main.error(
            "in the trigger ONBUILD \(instruction.header.code): \(message)",
            at: triggerSpan,
            advice: advice
        )
    }
}
