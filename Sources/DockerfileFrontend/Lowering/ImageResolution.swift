// SPDX-License-Identifier: Apache-2.0

import BuildModel
import OCIModel

/// The images that nodes start from, each asked for once.
struct ImageResolution {
    /// Whether an image that can't be resolved is left out.
    let isLenient: Bool
    /// By node.
    private(set) var images: [Int: ResolvedImage] = [:]
    private var answers: [Question: ResolvedImage] = [:]
    private var failed: Set<Question> = []

    private struct Question: Hashable {
        var reference: ImageReference?
        var layout = ""
        var layoutReference = ""
        var platform: Platform
    }

    init(isLenient: Bool) { self.isLenient = isLenient }

    /// Resolves the images of `numbers`, several at a time.
    mutating func resolve(_ graph: StageGraph, _ numbers: Set<Int>, images: some ImageResolving) async throws {
        var wanted: [(Int, Question)] = []
        for number in numbers.sorted() where self.images[number] == nil {
            guard let question = try question(graph, number) else { continue }
            wanted.append((number, question))
        }
        let open = Set(wanted.map(\.1)).subtracting(answers.keys).subtracting(failed)
        let file = graph.dockerfile.file
        let found = await withTaskGroup(of: (Question, Result<ResolvedImage, any Error>).self) { group in
            for question in open {
                group.addTask { (question, await Self.ask(question, images)) }
            }
            var found: [Question: Result<ResolvedImage, any Error>] = [:]
            for await (question, answer) in group { found[question] = answer }
            return found
        }
        for (number, question) in wanted {
            switch found[question] {
            case .success(let image): answers[question] = image
            case .failure(let error):
                guard isLenient else { throw Self.placed(error, graph, number, file) }
                failed.insert(question)
            case nil: break
            }
            self.images[number] = answers[question]
        }
    }

    private static func ask(_ question: Question, _ images: some ImageResolving) async -> Result<
        ResolvedImage, any Error
    > {
        do {
            if let reference = question.reference {
                return .success(try await images.resolve(reference, platform: question.platform))
            }
            return .success(
                try await images.resolve(
                    layout: question.layout,
                    reference: question.layoutReference,
                    platform: question.platform
                )
            )
        } catch {
            return .failure(error)
        }
    }

    /// A missing image is shown where it is named; other kinds of trouble stay what they are.
    private static func placed(_ error: any Error, _ graph: StageGraph, _ number: Int, _ file: SourceFile) -> any Error
    {
        let node = graph.nodes[number]
        guard let fault = error as? any Fault, fault.kind == .usage || fault.kind == .missing || fault.kind == .failed
        else {
            return error
        }
        var advice: String?
        if case .image = node.origin {
            let common = ["alpine", "busybox", "centos", "debian", "golang", "ubuntu", "fedora"]
            advice = Suggestion.advice(node.writtenBase, in: graph.stageNames + common)
        }
        return file.error("\(fault)", at: node.span, advice: advice, kind: fault.kind)
    }

    private func question(_ graph: StageGraph, _ number: Int) throws(DockerfileError) -> Question? {
        let node = graph.nodes[number]
        let platform = TargetLowering.platform(of: node, graph.settings)
        switch node.origin {
        case .image(let reference): return Question(reference: reference, platform: platform)
        case .context(let name, .image(let text)):
            if text == "scratch" { return nil }
            do {
                return Question(reference: try ImageReference(parsing: text), platform: platform)
            } catch {
                throw DockerfileError("the context '\(name)' names no image: \(error)")
            }
        case .context(_, .ociLayout(let layout, let reference)):
            return Question(layout: layout, layoutReference: reference, platform: platform)
        default: return nil
        }
    }

    /// The triggers of a stage: its image's, or those that its base stage sets.
    func triggers(of number: Int, in graph: StageGraph) throws(DockerfileError) -> [String] {
        switch graph.nodes[number].origin {
        case .stage(let base):
            return graph.nodes[base].commands.compactMap {
                if case .onbuild(let onbuild) = $0.instruction { onbuild.trigger } else { nil }
            }
        case .context where graph.nodes[number].isReplaced: return []
        case .image, .context: return images[number]?.config.container.onBuild ?? []
        case .scratch: return []
        }
    }
}
