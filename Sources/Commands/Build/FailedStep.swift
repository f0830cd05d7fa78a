// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildEvents
import BuildModel
import BuildProgress
import LLB
import Layers

/// The step that made a build fail, with what helps to mend it.
enum FailedStep {
    /// How many of its last lines are shown.
    static let lineCount = 20

    /// The report; `nil` when no step failed.
    static func report(_ state: ProgressState, build: BuildID, engine: Engine, console: Console) -> FailureReport? {
        for item in state.items {
            guard case .step(let vertex) = item.id, case .failed = item.status else { continue }
            return FailureReport(
                step: item.name.whole,
                output: item.tail.last(lineCount),
                source: excerpt(vertex, definitions: state.definitions, engine: engine),
                commands: [
                    ("all it printed", "reel history logs \(build) \(vertex.handle)"),
                    ("to try again", ShellWords.joined(console.environment.commandLine)),
                ]
            )
        }
        return nil
    }

    /// The step's lines in its Dockerfile.
    ///
    /// What can't be read is left out: the failure itself is told anyway.
    private static func excerpt(
        _ vertex: ContentDigest,
        definitions: [DefinitionLoaded],
        engine: Engine
    ) -> SourceExcerpt? {
        for loaded in definitions {
            let limit = Int64(Definition.maximumEncodedSize)
            guard let bytes = try? engine.layers.blobs.read(loaded.definition, limit: limit),
                let definition = try? Definition(decoding: bytes, allowingEmpty: true),
                let location = definition[vertex]?.locations.first,
                definition.sources.indices.contains(location.source)
            else { continue }
            let source = definition.sources[location.source]
            let ranges = location.ranges.map { range in
                Int(range.start.line)...Int(max(range.start.line, range.end.line))
            }
            if let excerpt = SourceExcerpt(file: source.filename, text: source.data, marked: ranges) { return excerpt }
        }
        return nil
    }
}
