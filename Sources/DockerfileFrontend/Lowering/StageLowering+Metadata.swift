// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB
import OCIModel

extension StageLowering {
    /// Expands names and values, all with the variables before the instruction.
    mutating func expand(_ assignments: [Assignment], _ command: StageCommand) throws(DockerfileError) -> [(
        String, String
    )] {
        var result: [(String, String)] = []
        for assignment in assignments {
            if assignment.isLegacy {
                let name = command.instruction.header.name
                warn(
                    .legacyKeyValueFormat,
                    "\"\(name) key=value\" should be used instead of legacy \"\(name) key value\" format",
                    command
                )
            }
            result.append((try expand(assignment.key, command), try expand(assignment.value, command)))
        }
        return result
    }

    mutating func lower(_ env: EnvInstruction, _ command: StageCommand) throws(DockerfileError) {
        var text = "ENV"
        for (name, value) in try expand(env.variables, command) {
            warnSecret("ENV", name, command)
            text += " \(name)=\(value)"
            setEnvironment(name, value)
        }
        record(text)
    }

    /// Sets a variable for steps and containers.
    mutating func setEnvironment(_ name: String, _ value: String) {
        state.environment.set(name, value)
        state.image.container.setEnvironment(name, value)
    }

    private mutating func warnSecret(_ what: String, _ name: String, _ command: StageCommand) {
        guard SecretNames.looksSecret(name) else { return }
        warn(
            .secretsUsedInArgOrEnv,
            "Do not use ARG or ENV instructions for sensitive data (\(what) \(GoText.quoted(name)))",
            command
        )
    }

    mutating func lower(_ label: LabelInstruction, _ command: StageCommand) throws(DockerfileError) {
        var text = "LABEL"
        for (name, value) in try expand(label.labels, command) {
            text += " \(name)=\(value)"
            state.image.container.labels[name] = value
        }
        record(text)
    }

    /// Source: BuildKit, `convert.go`, `dispatchArg`: what is given goes first, then the default, then the global.
    mutating func lower(_ arg: ArgInstruction, _ command: StageCommand) throws(DockerfileError) {
        var texts: [String] = []
        for argument in arg.arguments {
            let name = argument.name.text
            warnSecret("ARG", name, command)
            if argument.value != nil, TargetSettings.predefined.contains(name) {
                warn(
                    .shadowedPlatformArg,
                    "The default of '\(name)' replaces the value that the build sets",
                    command,
                    at: argument.name.span
                )
            }
            var value = settings.arguments[name]
            if value == nil, let written = argument.value { value = try expand(written, command) }
            if value == nil { value = settings.globals[name] }
            if let value { state.environment.set(name, value) }
            state.arguments.append((name, value))
            texts.append(value.map { "\(name)=\($0)" } ?? name)
        }
        record("ARG " + texts.joined(separator: " "))
    }

    mutating func lower(_ workdir: WorkdirInstruction, _ command: StageCommand) throws(DockerfileError) {
        let path = try expand(workdir.path, command)
        if !state.hasWorkingDirectory, !PathText.isAbsolute(path) {
            warn(
                .workdirRelativePath,
                "Relative workdir \(GoText.quoted(path)) can have unexpected results if the base image changes",
                command,
                at: workdir.path.span
            )
        }
        state.hasWorkingDirectory = true
        let directory = PathText.workingDirectory(path, in: state.image.container.workingDir)
        state.image.container.workingDir = directory
        state.workingDirectory = directory
        if directory != "/" { makeDirectory(directory, command) }
        record("WORKDIR \(directory)", hasLayer: directory != "/")
    }

    private mutating func makeDirectory(_ directory: String, _ command: StageCommand) {
        var make = MakeDirectoryAction(path: PathText.clean(directory), mode: 0o755, makesParents: true)
        let base = state.root.map { _ in FileOperand.input(0) }
        if !state.image.container.user.isEmpty { make.owner = Self.ownership(state.image.container.user, base: base) }
        let action = FileAction(base: base, output: 0, change: .makeDirectory(make))
        state.root = target.plan.add(
            .file(FileOperation(actions: [action])),
            inputs: state.root.map { [$0] } ?? [],
            metadata: VertexMetadata(name: stepName(shownCode(command), command), capabilities: ["file.base"]),
            lines: command.lines
        )
    }

    /// `user[:group]` by name or number; `root` is 0.
    ///
    /// Source: BuildKit, `client/llb/fileop.go`, `WithUser`.
    static func ownership(_ text: String, base: FileOperand?) -> Ownership {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        func reference(_ name: String) -> OwnerReference {
            if name == "root" { return .id(0) }
            if let id = Int32(name), id >= 0 { return .id(UInt32(id)) }
            return .name(name, operand: base)
        }
        // An empty name is the same as the number 0 on the wire.
        return Ownership(
            user: parts[0].isEmpty ? .id(0) : reference(parts[0]),
            group: parts.count > 1 ? (parts[1].isEmpty ? .id(0) : reference(parts[1])) : nil
        )
    }

    mutating func lower(_ user: UserInstruction, _ command: StageCommand) throws(DockerfileError) {
        let name = try expand(user.user, command)
        state.user = name
        state.image.container.user = name
        record("USER \(name)")
    }

    mutating func lower(_ volume: VolumeInstruction, _ command: StageCommand) throws(DockerfileError) {
        var paths: [String] = []
        for word in volume.paths {
            let path = try expand(word, command)
            if path.isEmpty { throw command.error("VOLUME can not be an empty string", at: word.span, in: target.file) }
            paths.append(path)
            state.image.container.volumes.insert(path)
        }
        record("VOLUME \(GoText.plain(paths))")
    }

    mutating func lower(_ stop: StopSignalInstruction, _ command: StageCommand) throws(DockerfileError) {
        let signal = try expand(stop.signal, command)
        guard SignalName.isValid(signal) else {
            throw command.error(
                "'\(signal)' is no signal",
                at: stop.signal.span,
                advice: Suggestion.advice(signal, in: SignalName.all.map { "SIG\($0)" }, ignoringCase: true),
                in: target.file
            )
        }
        state.image.container.stopSignal = signal
        record("STOPSIGNAL \(signal)")
    }

    mutating func lower(_ expose: ExposeInstruction, _ command: StageCommand) throws(DockerfileError) {
        var ports: [String] = []
        let environment = state.environment
        for word in expose.ports.sorted(by: { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }) {
            let texts: [String]
            do {
                texts = try lexer.words(word.text, lookup: { environment[$0] })
            } catch {
                throw place(error, in: word, command)
            }
            for text in texts {
                do {
                    let port = try PortRange(parsing: text)
                    if port.hasCapitals {
                        warn(
                            .exposeProtoCasing,
                            "Defined protocol '\(text)' in EXPOSE instruction should be lowercase",
                            command,
                            at: word.span
                        )
                    }
                    if port.hasHostPart {
                        warn(
                            .exposeInvalidFormat,
                            "EXPOSE instruction should not define an IP address or host-port mapping, found '\(text)'",
                            command,
                            at: word.span
                        )
                    }
                    ports.append(contentsOf: port.ports)
                } catch {
                    throw command.error(
                        error.message,
                        at: word.span,
                        advice: "write PORT, PORT/udp or FIRST-LAST",
                        in: target.file
                    )
                }
            }
        }
        state.image.container.exposedPorts.formUnion(ports)
        record("EXPOSE \(GoText.plain(ports))")
    }
}
