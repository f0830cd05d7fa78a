// SPDX-License-Identifier: Apache-2.0

import BuildModel
import OCIModel

/// The stages of a file and what they need, for one platform; nothing is resolved yet.
struct StageGraph {
    let dockerfile: Dockerfile
    let settings: TargetSettings
    /// The stages of the file in order, then images and contexts that instructions name.
    private(set) var nodes: [StageNode] = []
    /// The node that is built.
    private(set) var target = 0
    var lint: Linter
    /// The last stage of each name.
    private var byName: [String: Int] = [:]
    private var external: [String: Int] = [:]

    private var file: SourceFile { dockerfile.file }
    private var lexer: ShellLexer { ShellLexer(escape: dockerfile.directives.escape) }

    init(_ dockerfile: Dockerfile, settings: TargetSettings, lint: Linter) throws(DockerfileError) {
        self.dockerfile = dockerfile
        self.settings = settings
        self.lint = lint
        for (index, stage) in dockerfile.stages.enumerated() { try addStage(stage, index) }
        target = try findTarget()
        try linkContexts()
        for number in dockerfile.stages.indices { try link(number) }
        try checkCycles()
    }

    // MARK: Stages

    private mutating func addStage(_ stage: Dockerfile.Stage, _ index: Int) throws(DockerfileError) {
        let from = stage.from
        let base = try expandFrom(from.base, from.header)
        var node = StageNode(
            origin: .scratch,
            index: index,
            name: stage.name,
            writtenBase: base,
            code: from.header.code,
            span: from.base.span,
            lines: from.header.lines,
            comments: from.header.comments
        )
        node.platform = try platform(from)
        node.ignoresCache = settings.ignoresCache(stage.name, index: index)
        if let name = stage.name, let context = settings.namedContext(name) {
            node.origin = .context(name: context.name, context.source)
            node.isReplaced = true
        } else {
            node.origin = try origin(base, before: index, at: from.base.span)
            node.commands = stage.instructions.map { StageCommand(instruction: $0, file: file) }
            node.stepCount = Self.stepCount(node)
        }
        nodes.append(node)
        if let name = stage.name { byName[name] = index }
    }

    private mutating func expandFrom(_ word: Word, _ header: InstructionHeader) throws(DockerfileError) -> String {
        let result = try expand(word, header)
        checkDefault(word, header)
        if result.text.isEmpty {
            throw file.error(
                "the base name '\(word.text)' is empty",
                at: word.span,
                advice: Self.advice(for: result.unmatched, in: settings.globals.keys)
                    ?? "give its argument a default before FROM"
            )
        }
        return result.text
    }

    private static func advice(for names: [String], in known: [String]) -> String? {
        names.lazy.compactMap { Suggestion.advice($0, in: known) }.first
    }

    private mutating func expand(_ word: Word, _ header: InstructionHeader) throws(DockerfileError)
        -> ShellLexer.Expansion
    {
        let globals = settings.globals
        do {
            let result = try lexer.expand(word.text, lookup: { globals[$0] })
            for name in result.unmatched where !declaresGlobal(name) {
                let advice = Suggestion.nearest(name, in: globals.keys).map { " (did you mean \($0)?)" } ?? ""
                lint.warn(
                    .undefinedArgInFrom,
                    "FROM argument '\(name)' is not declared\(advice)",
                    about: header,
                    at: word.span
                )
            }
            return result
        } catch {
            throw file.error(error.message, at: word.span)
        }
    }

    private func declaresGlobal(_ name: String) -> Bool {
        dockerfile.globalArguments.contains { $0.arguments.contains { $0.name.text == name } }
    }

    private mutating func checkDefault(_ word: Word, _ header: InstructionHeader) {
        guard let defaults = settings.globalDefaults,
            let result = try? lexer.expand(word.text, lookup: { defaults[$0] })
        else { return }
        if (try? ImageReference(parsing: result.text)) == nil {
            lint.warn(
                .invalidDefaultArgInFrom,
                "Default value for ARG \(word.text) results in empty or invalid base image name",
                about: header,
                at: word.span
            )
        }
    }

    private mutating func platform(_ from: FromInstruction) throws(DockerfileError) -> Platform? {
        guard let word = from.platform else { return nil }
        let result = try expand(word, from.header)
        if result.matched == ["TARGETPLATFORM"], result.unmatched.isEmpty,
            result.text == settings.globals["TARGETPLATFORM"]
        {
            lint.warn(
                .redundantTargetPlatform,
                "Setting platform to predefined \(word.text) in FROM is redundant as this is the default behavior",
                about: from.header,
                at: word.span
            )
        }
        let host = settings.request.buildPlatforms.first ?? settings.platform
        guard let platform = try? Platform(parsing: result.text, host: host) else {
            let missing = Self.advice(for: result.unmatched, in: settings.globals.keys)
            let what =
                result.text.isEmpty ? "the platform '\(word.text)' is empty" : "'\(result.text)' is not a platform"
            throw file.error(what, at: word.span, advice: missing ?? "write it as os/arch[/variant], e.g. linux/amd64")
        }
        if result.matched.isEmpty, result.unmatched.isEmpty {
            let name = from.name?.text.lowercased() ?? ""
            if !name.contains(platform.os), !name.contains(platform.architecture) {
                lint.warn(
                    .fromPlatformFlagConstDisallowed,
                    "FROM --platform flag should not use constant value \(GoText.quoted(result.text))",
                    about: from.header,
                    at: word.span
                )
            }
        }
        return platform
    }

    /// What a name stands for: an earlier stage, a context, or an image.
    private func origin(_ base: String, before index: Int, at span: Span) throws(DockerfileError) -> StageNode.Origin {
        if base == "scratch" { return .scratch }
        if let stage = byName[base] { return .stage(stage) }
        if let number = Int(base), number >= 0, number < index, "\(number)" == base { return .stage(number) }
        if let context = settings.namedContext(base) { return .context(name: context.name, context.source) }
        return .image(try reference(base, at: span))
    }

    private func reference(_ name: String, at span: Span) throws(DockerfileError) -> ImageReference {
        do {
            return try ImageReference(parsing: name)
        } catch {
            throw file.error("\(error)", at: span, advice: stageAdvice(name))
        }
    }

    private func stageAdvice(_ name: String) -> String? {
        if byName[name.lowercased()] != nil { return "the stage is called \(name.lowercased()), in small letters" }
        return Suggestion.advice(name, in: byName.keys, ignoringCase: true)
    }

    private static func stepCount(_ node: StageNode) -> Int {
        var count = 0
        switch node.origin {
        case .image, .context: count = 1
        case .scratch, .stage: break
        }
        return count + node.commands.count { $0.instruction.isStep }
    }

    private func findTarget() throws(DockerfileError) -> Int {
        guard let wanted = settings.request.target else { return dockerfile.stages.count - 1 }
        if let found = byName[wanted.lowercased()] { return found }
        if let number = Int(wanted), number >= 0, number < dockerfile.stages.count { return number }
        let names = byName.keys.sorted()
        throw DockerfileError(
            "\(file.name) has no stage '\(wanted)'",
            advice: Suggestion.advice(wanted, in: names, ignoringCase: true)
                ?? (names.isEmpty ? "its stages have no names" : "there are " + names.joined(separator: ", "))
        )
    }

    /// Makes `target:STAGE` contexts the stages they name.
    private mutating func linkContexts() throws(DockerfileError) {
        for number in nodes.indices {
            guard case .context(let name, .stage(let stage)) = nodes[number].origin else { continue }
            nodes[number].origin = .stage(try stageNumber(stage, context: name))
        }
    }

    private func stageNumber(_ stage: String, context: String) throws(DockerfileError) -> Int {
        if let found = byName[stage.lowercased()] { return found }
        if let number = Int(stage), number >= 0, number < dockerfile.stages.count { return number }
        throw DockerfileError(
            "the context '\(context)' is the stage '\(stage)', which \(file.name) does not have",
            advice: Suggestion.advice(stage, in: byName.keys, ignoringCase: true)
        )
    }

    // MARK: What instructions read

    private mutating func link(_ number: Int) throws(DockerfileError) {
        var scope = StageScope(settings: settings, lexer: lexer)
        if case .stage(let base) = nodes[number].origin, base < number { scope = scopes[base] ?? scope }
        for position in nodes[number].commands.indices {
            let command = nodes[number].commands[position]
            nodes[number].commands[position].sources = try sources(of: command, in: number, scope: scope)
            scope.read(command.instruction)
        }
        scopes[number] = scope
    }

    /// What is known of each stage's variables without its base image.
    private var scopes: [Int: StageScope] = [:]

    private mutating func sources(of command: StageCommand, in number: Int, scope: StageScope) throws(DockerfileError)
        -> [Int?]
    {
        switch command.instruction {
        case .copy(let copy):
            guard let from = copy.from, !from.text.isEmpty else { return [] }
            return [try source(from.text, at: from.span, command, number, scope, allowsNumber: true)]
        case .run(let run):
            var result: [Int?] = []
            for mount in run.mounts {
                let from = mount.from ?? ""
                result.append(
                    from.isEmpty ? nil : try source(from, at: mount.span, command, number, scope, allowsNumber: false)
                )
            }
            return result
        case .import(let value):
            return [try source(value.from.text, at: value.from.span, command, number, scope, allowsNumber: true)]
        default: return []
        }
    }

    private mutating func source(
        _ written: String,
        at span: Span,
        _ command: StageCommand,
        _ number: Int,
        _ scope: StageScope,
        allowsNumber: Bool
    ) throws(DockerfileError) -> Int {
        let name: String
        do {
            name = try scope.expand(written)
        } catch {
            throw command.error(error.message, at: span, in: file)
        }
        if let stage = byName[name.lowercased()] { return stage }
        if allowsNumber, let index = Int(name) {
            guard index >= 0, index < dockerfile.stages.count else {
                throw command.error(
                    "there is no stage \(index)",
                    at: span,
                    advice: "the file has \(dockerfile.stages.count), numbered from 0",
                    in: file
                )
            }
            return index
        }
        return try externalNode(name, at: span, command)
    }

    private mutating func externalNode(_ name: String, at span: Span, _ command: StageCommand) throws(DockerfileError)
        -> Int
    {
        if let known = external[name] { return known }
        let origin: StageNode.Origin
        if name == "scratch" {
            origin = .scratch
        } else if let context = settings.namedContext(name) {
            if case .stage(let stage) = context.source { return try stageNumber(stage, context: context.name) }
            origin = .context(name: context.name, context.source)
        } else {
            do {
                origin = .image(try ImageReference(parsing: name))
            } catch {
                throw command.error("\(error)", at: span, advice: stageAdvice(name), in: file)
            }
        }
        nodes.append(
            StageNode(
                origin: origin,
                index: nil,
                name: nil,
                writtenBase: name,
                code: "",
                span: command.triggerSpan ?? span,
                lines: command.lines,
                comments: []
            )
        )
        external[name] = nodes.count - 1
        return nodes.count - 1
    }

    /// Puts an image's triggers before the instructions of a stage.
    ///
    /// - Returns: Whether they read from something.
    mutating func prepend(_ triggers: [String], to number: Int) throws(DockerfileError) -> Bool {
        let node = nodes[number]
        var commands: [StageCommand] = []
        var readsMore = false
        let scope = StageScope(settings: settings, lexer: lexer)
        for trigger in triggers {
            var command = try parse(trigger, for: node)
            command.sources = try sources(of: command, in: number, scope: scope)
            readsMore = readsMore || command.sources.contains { $0 != nil }
            commands.append(command)
        }
        nodes[number].commands = commands + node.commands
        nodes[number].stepCount += commands.count
        if readsMore { try checkCycles() }
        return readsMore
    }

    private func parse(_ trigger: String, for node: StageNode) throws(DockerfileError) -> StageCommand {
        let name = "ONBUILD \(trigger)"
        do throws(DockerfileError) {
            let source = try SourceFile(name: name, bytes: Array(trigger.utf8))
            var reader = try LineReader(source)
            let raw = try reader.all()
            guard raw.count == 1 else {
                throw source.error("a trigger is one instruction", at: Span(line: 1, column: 0, length: 1))
            }
            let parser = InstructionParser(file: source, escape: UInt8(ascii: "\\"))
            let instruction = try parser.parse(raw[0], from: 0, within: "ONBUILD")
            return StageCommand(
                instruction: instruction,
                file: source,
                triggerSpan: node.span,
                triggerLines: node.lines
            )
        } catch {
            throw file.error(
                "the base image has the trigger ONBUILD \(trigger): \(error.message)",
                at: node.span,
                advice: error.advice
            )
        }
    }

    // MARK: Order

    /// The nodes that `numbers` need, themselves included.
    func reachable(from numbers: [Int]) -> Set<Int> {
        var found = Set<Int>()
        var open = numbers
        while let next = open.popLast() {
            if found.insert(next).inserted { open.append(contentsOf: nodes[next].dependencies) }
        }
        return found
    }

    /// `numbers` in an order in which each stands after what it needs, else as in the file.
    func order(_ numbers: Set<Int>) -> [Int] {
        var done = Set<Int>()
        var result: [Int] = []
        for start in numbers.sorted() {
            var stack = [start]
            while let top = stack.last {
                if done.contains(top) {
                    stack.removeLast()
                } else if let missing = nodes[top].dependencies.first(where: { !done.contains($0) }) {
                    stack.append(missing)
                } else {
                    done.insert(top)
                    result.append(top)
                    stack.removeLast()
                }
            }
        }
        return result
    }

    private func checkCycles() throws(DockerfileError) {
        var done = Set<Int>()
        for start in nodes.indices {
            var path: [(node: Int, next: Int)] = done.contains(start) ? [] : [(start, 0)]
            while let top = path.last {
                let needs = nodes[top.node].dependencies
                guard top.next < needs.count else {
                    done.insert(top.node)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let next = needs[top.next]
                if let start = path.firstIndex(where: { $0.node == next }) {
                    throw cycle(path[start...].map(\.node))
                }
                if !done.contains(next) { path.append((next, 0)) }
            }
        }
    }

    private func cycle(_ ring: [Int]) -> DockerfileError {
        let names = (ring + ring.prefix(1)).map { nodes[$0].displayName }.joined(separator: " → ")
        let next = ring.count > 1 ? ring[1] : ring[0]
        let command = nodes[ring[0]].commands.first { $0.sources.contains(next) }
        return file.error(
            "the stages need each other in a circle: \(names)",
            at: command.map { $0.triggerSpan ?? $0.instruction.header.keyword.span } ?? nodes[ring[0]].span,
            advice: "copy from a stage that does not need this one"
        )
    }

    /// Refuses reading from a stage that stands later in the file.
    func checkForwardReferences(_ numbers: Set<Int>) throws(DockerfileError) {
        for number in numbers.sorted() {
            guard let index = nodes[number].index else { continue }
            for command in nodes[number].commands {
                for source in command.sources {
                    guard let source, let other = nodes[source].index, other > index else { continue }
                    throw command.error(
                        "the stage '\(nodes[source].displayName)' stands after this one",
                        at: command.instruction.header.keyword.span,
                        advice: "move it before stage '\(nodes[number].displayName)'",
                        in: file
                    )
                }
            }
        }
    }

    /// The names of stages, for suggestions.
    var stageNames: [String] { byName.keys.sorted() }
}

extension Instruction {
    /// Whether the display counts it.
    var isStep: Bool {
        switch self {
        case .add, .copy, .run, .workdir, .import: true
        default: false
        }
    }
}
