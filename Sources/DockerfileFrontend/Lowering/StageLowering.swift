// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB
import OCIModel

/// Lowers the instructions of one stage, in order.
struct StageLowering {
    let node: StageNode
    /// What the stages share: the graph under construction, warnings.
    let target: TargetLowering
    var state: StageState
    /// What the display calls the stage; empty where the file has one stage only.
    var stageName = ""
    /// How many steps the display has counted.
    var stepNumber = 0
    private var cmdHeader: InstructionHeader?
    private var entrypointHeader: InstructionHeader?
    private var healthcheckHeader: InstructionHeader?
    /// Paths and variables that imports gave, and the name of the import.
    var imported: [String: String] = [:]

    init(node: StageNode, target: TargetLowering, state: StageState) {
        self.node = node
        self.target = target
        self.state = state
    }

    var settings: TargetSettings { target.settings }
    var created: Timestamp? { settings.request.created }
    var lexer: ShellLexer { ShellLexer(escape: target.graph.dockerfile.directives.escape) }

    /// Lowers one instruction.
    mutating func lower(_ command: StageCommand) throws(DockerfileError) {
        switch command.instruction {
        case .from: break
        case .run(let run): try lower(run, command)
        case .copy(let copy): try lower(copy, command)
        case .add(let add): try lower(add, command)
        case .env(let env): try lower(env, command)
        case .label(let label): try lower(label, command)
        case .arg(let arg): try lower(arg, command)
        case .workdir(let workdir): try lower(workdir, command)
        case .user(let user): try lower(user, command)
        case .cmd(let cmd): lower(cmd)
        case .entrypoint(let entrypoint): lower(entrypoint)
        case .expose(let expose): try lower(expose, command)
        case .volume(let volume): try lower(volume, command)
        case .shell(let shell): lower(shell)
        case .stopSignal(let signal): try lower(signal, command)
        case .healthcheck(let healthcheck): lower(healthcheck)
        case .onbuild(let onbuild): state.image.container.onBuild.append(onbuild.trigger)
        case .maintainer(let maintainer):
            state.image.author = maintainer.name
            record("MAINTAINER \(maintainer.name)")
        case .import(let value): try lower(value, command)
        case .export(let value): try lower(value, command)
        }
    }

    // MARK: Words

    /// Expands a word with the stage's variables; unset ones are warned about.
    mutating func expand(_ word: Word, _ command: StageCommand) throws(DockerfileError) -> String {
        let environment = state.environment
        do {
            let result = try lexer.expand(word.text, lookup: { environment[$0] })
            warnUnset(result.unmatched, at: word.span, command)
            return result.text
        } catch {
            throw place(error, in: word, command)
        }
    }

    /// An expansion's mistake, with its place.
    func place(_ error: ExpansionError, in word: Word, _ command: StageCommand) -> DockerfileError {
        var span = word.span
        // Quotes and escapes may make the text shorter than what is written, so the place is near at worst.
        if error.offset < span.length {
            span.column += error.offset
            span.length -= error.offset
        }
        return command.error(error.message, at: span, in: target.file)
    }

    mutating func warnUnset(_ names: [String], at span: Span, _ command: StageCommand) {
        for name in names where !state.arguments.contains(where: { $0.name == name }) {
            let near = Suggestion.nearest(name, in: state.environment.keys).map { " (did you mean $\($0)?)" } ?? ""
            warn(.undefinedVar, "Usage of undefined variable '$\(name)'\(near)", command, at: span)
        }
    }

    /// Notes a warning; one about a trigger is placed at its FROM.
    mutating func warn(_ rule: LintRule, _ message: String, _ command: StageCommand, at span: Span? = nil) {
        let header = command.instruction.header
        if let trigger = command.triggerSpan {
            target.lint.warn(rule, message, at: trigger, comments: header.comments)
        } else {
            target.lint.warn(rule, message, about: header, at: span)
        }
    }

    // MARK: Names and history

    mutating func record(_ text: String, hasLayer: Bool = false, isBuilt: Bool = false) {
        state.record(text, hasLayer: hasLayer, isBuilt: isBuilt, created: created)
    }

    /// ` 2/10`, the number as wide as the total.
    static func counted(_ number: Int, of total: Int) -> String {
        let width = String(total).count
        let digits = String(number)
        return String(repeating: " ", count: max(0, width - digits.count)) + "\(digits)/\(total)"
    }

    /// `[stage 2/5] RUN …`: counts a step and names it.
    mutating func stepName(_ text: String, _ command: StageCommand, again: Bool = false) -> String {
        if !again { stepNumber += 1 }
        if node.stepCount == 0 { return text }
        var name = "["
        if settings.request.isMultiPlatform { name += shownPlatform + " " }
        if !stageName.isEmpty { name += stageName + " " }
        return name + Self.counted(stepNumber, of: node.stepCount) + "] " + (command.isTrigger ? "ONBUILD " : "") + text
    }

    /// The platform, and the one that is compiled for where the variables say another.
    private var shownPlatform: String {
        let base = state.platform
        guard let text = state.environment["TARGETPLATFORM"], let other = try? Platform(parsing: text, host: base)
        else { return base.description }
        if other.os == base.os, other.architecture != base.architecture {
            return "\(base)->\(other.architecture)" + (other.variant.isEmpty ? "" : "/\(other.variant)")
        }
        return other.os == base.os ? base.description : "\(base)->\(other)"
    }

    /// The instruction's code with its word in capitals and its variables expanded, where they can be.
    func shownCode(_ command: StageCommand, keepsUnset: Bool = false, masking: Set<String> = [], suffix: String = "")
        -> String
    {
        let header = command.instruction.header
        var lexer = lexer
        lexer.keepsQuotes = keepsUnset
        lexer.keepsUnset = keepsUnset
        let environment = state.environment
        let code = header.code + suffix
        let expanded =
            (try? lexer.expand(code, lookup: { masking.contains($0) ? "****" : environment[$0] }).text) ?? code
        return header.name + expanded.dropFirst(header.keyword.text.count)
    }

    /// Warns about an instruction that stands twice; the first, which does not count, is where it is shown.
    private mutating func once(_ header: InstructionHeader, _ previous: InstructionHeader?) {
        guard let previous else { return }
        target.lint.warn(
            .multipleInstructionsDisallowed,
            "Multiple \(header.name) instructions should not be used in the same stage because only the last one will be used",
            about: previous
        )
    }

    // MARK: How a container runs

    /// The shell of shell-form commands.
    var shell: [String] { state.image.container.shell ?? ["/bin/sh", "-c"] }

    /// The arguments of a command, the shell's included.
    func arguments(of line: CommandLine) -> [String] {
        line.isExec ? line.arguments : shell + [line.arguments.joined(separator: " ")]
    }

    private mutating func lower(_ cmd: CmdInstruction) {
        once(cmd.header, cmdHeader)
        cmdHeader = cmd.header
        warnShellForm(cmd.command, cmd.header)
        let arguments = arguments(of: cmd.command)
        state.image.container.cmd = arguments.isEmpty ? nil : arguments
        state.image.container.other["ArgsEscaped"] = true
        record("CMD \(GoText.quoted(arguments))")
    }

    private mutating func lower(_ entrypoint: EntrypointInstruction) {
        once(entrypoint.header, entrypointHeader)
        entrypointHeader = entrypoint.header
        warnShellForm(entrypoint.command, entrypoint.header)
        let arguments = arguments(of: entrypoint.command)
        state.image.container.entrypoint = arguments.isEmpty ? nil : arguments
        // A base's CMD was meant for a base's ENTRYPOINT.
        if cmdHeader == nil { state.image.container.cmd = nil }
        record("ENTRYPOINT \(GoText.quoted(arguments))")
    }

    private mutating func warnShellForm(_ line: CommandLine, _ header: InstructionHeader) {
        if line.isExec || state.image.container.shell?.isEmpty == false { return }
        target.lint.warn(
            .jsonArgsRecommended,
            "JSON arguments recommended for \(header.name) to prevent unintended behavior related to OS signals",
            about: header
        )
    }

    private mutating func lower(_ instruction: ShellInstruction) {
        state.image.container.shell = instruction.shell
        record("SHELL \(GoText.plain(instruction.shell))")
    }

    private mutating func lower(_ instruction: HealthcheckInstruction) {
        once(instruction.header, healthcheckHeader)
        healthcheckHeader = instruction.header
        var check = ContainerConfig.Healthcheck()
        if let command = instruction.command {
            check.test = [command.isExec ? "CMD" : "CMD-SHELL"] + command.arguments
            check.interval = instruction.interval
            check.timeout = instruction.timeout
            check.startPeriod = instruction.startPeriod
            check.startInterval = instruction.startInterval
            check.retries = instruction.retries
        } else {
            check.test = ["NONE"]
        }
        state.image.container.healthcheck = check
        record(
            "HEALTHCHECK {Test:\(GoText.plain(check.test)) Interval:\(GoText.duration(check.interval)) "
                + "Timeout:\(GoText.duration(check.timeout)) StartPeriod:\(GoText.duration(check.startPeriod)) "
                + "StartInterval:\(GoText.duration(check.startInterval)) Retries:\(check.retries)}"
        )
    }
}
