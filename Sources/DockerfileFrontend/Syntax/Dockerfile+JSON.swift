// SPDX-License-Identifier: Apache-2.0

public import BuildModel

extension Dockerfile {
    /// The syntax tree in the stable form of `Docs/dockerfile.md`.
    public var json: JSONValue {
        [
            "version": 1,
            "file": .string(file.name),
            "escape": .string(String(UnicodeScalar(directives.escape))),
            "directives": .array(
                directives.all.map {
                    [
                        "name": .string($0.name), "value": .string($0.value.text),
                        "line": .integer(Int64($0.value.span.line)),
                    ]
                }
            ),
            "arguments": .array(globalArguments.map { tree(.arg($0)) }),
            "stages": .array(stages.enumerated().map { json($1, $0) }),
        ]
    }

    private func json(_ stage: Stage, _ index: Int) -> JSONValue {
        var members: [String: JSONValue] = [
            "index": .integer(Int64(index)),
            "from": tree(.from(stage.from)),
            "instructions": .array(stage.instructions.map(tree)),
        ]
        if let name = stage.name { members["name"] = .string(name) }
        return .object(members)
    }

    /// An instruction: what all have, and its own members.
    private func tree(_ instruction: Instruction) -> JSONValue {
        let header = instruction.header
        let position = file.position(header.keyword.span)
        var members = own(instruction)
        members["instruction"] = .string(header.name)
        members["line"] = .integer(Int64(position.line))
        members["column"] = .integer(Int64(position.column))
        members["endLine"] = .integer(Int64(header.lines.upperBound))
        members["text"] = .string(header.code)
        if !header.comments.isEmpty { members["comments"] = JSONValue(header.comments.map(\.text)) }
        if !header.flags.isEmpty { members["flags"] = .array(header.flags.map(json)) }
        if !header.heredocs.isEmpty { members["heredocs"] = .array(header.heredocs.map(json)) }
        return .object(members)
    }

    private func json(_ flag: Flag) -> JSONValue {
        var members: [String: JSONValue] = ["name": .string(flag.name)]
        if let value = flag.value { members["value"] = .string(value.text) }
        return .object(members)
    }

    private func json(_ heredoc: Heredoc) -> JSONValue {
        [
            "name": .string(heredoc.name), "content": .string(heredoc.text), "expand": .boolean(heredoc.expands),
            "chomp": .boolean(heredoc.chomps), "line": .integer(Int64(heredoc.firstLine)),
        ]
    }

    private func json(_ words: [Word]) -> JSONValue { JSONValue(words.map(\.text)) }

    private func own(_ instruction: Instruction) -> [String: JSONValue] {
        switch instruction {
        case .from(let from):
            var members: [String: JSONValue] = ["base": .string(from.base.text)]
            if let name = from.name { members["name"] = .string(name.text) }
            if let platform = from.platform { members["platform"] = .string(platform.text) }
            return members
        case .run(let run): return own(run)
        case .copy(let copy):
            var members = own(copy.files)
            if let from = copy.from { members["from"] = .string(from.text) }
            if copy.keepsParents { members["parents"] = true }
            return members
        case .add(let add):
            var members = own(add.files)
            if let checksum = add.checksum { members["checksum"] = .string(checksum.text) }
            if let keeps = add.keepsGitDirectory { members["keepGitDir"] = .boolean(keeps) }
            if let unpacks = add.unpacks { members["unpack"] = .boolean(unpacks) }
            return members
        case .env(let env): return ["variables": pairs(env.variables)]
        case .label(let label): return ["labels": pairs(label.labels)]
        case .arg(let arg): return ["arguments": .array(arg.arguments.map(json))]
        case .workdir(let workdir): return ["path": .string(workdir.path.text)]
        case .user(let user): return ["user": .string(user.user.text)]
        case .cmd(let cmd): return own(cmd.command)
        case .entrypoint(let entrypoint): return own(entrypoint.command)
        case .expose(let expose): return ["ports": json(expose.ports)]
        case .volume(let volume): return ["paths": json(volume.paths)]
        case .shell(let shell): return ["shell": JSONValue(shell.shell)]
        case .stopSignal(let signal): return ["signal": .string(signal.signal.text)]
        case .healthcheck(let healthcheck): return own(healthcheck)
        case .onbuild(let onbuild): return ["trigger": .array(onbuild.instruction.map(tree))]
        case .maintainer(let maintainer): return ["name": .string(maintainer.name)]
        case .import(let value):
            var members: [String: JSONValue] = ["from": .string(value.from.text)]
            if let prefix = value.environmentPrefix { members["envPrefix"] = .string(prefix.text) }
            return members
        case .export(let export):
            switch export.item {
            case .copy(let copy): return ["export": tree(.copy(copy))]
            case .env(let env): return ["export": tree(.env(env))]
            case .label(let label): return ["export": tree(.label(label))]
            case .diff: return ["export": ["instruction": "DIFF"]]
            }
        }
    }

    private func json(_ argument: ArgInstruction.Argument) -> JSONValue {
        var members: [String: JSONValue] = ["name": .string(argument.name.text)]
        if let value = argument.value { members["default"] = .string(value.text) }
        return .object(members)
    }

    private func pairs(_ assignments: [Assignment]) -> JSONValue {
        .array(assignments.map { ["name": .string($0.key.text), "value": .string($0.value.text)] })
    }

    private func own(_ line: CommandLine) -> [String: JSONValue] {
        ["form": line.isExec ? "exec" : "shell", "command": JSONValue(line.arguments)]
    }

    private func own(_ files: TransferredFiles) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "sources": json(files.sources), "destination": .string(files.destination.text),
        ]
        if let owner = files.owner { members["chown"] = .string(owner.text) }
        if let mode = files.mode { members["chmod"] = .string(mode.text) }
        if files.isLinked { members["link"] = true }
        if !files.excludes.isEmpty { members["exclude"] = json(files.excludes) }
        return members
    }

    private func own(_ run: RunInstruction) -> [String: JSONValue] {
        var members = own(run.command)
        members["network"] = .string(run.network.rawValue)
        members["security"] = .string(run.security.rawValue)
        if !run.mounts.isEmpty {
            members["mounts"] = .array(
                run.mounts.map { mount in
                    .object(
                        Dictionary(mount.fields.map { ($0.key, $0.value.map(JSONValue.string) ?? true) }) { _, last in
                            last
                        }
                    )
                }
            )
        }
        return members
    }

    private func own(_ check: HealthcheckInstruction) -> [String: JSONValue] {
        guard let command = check.command else { return ["form": "none"] }
        var members = own(command)
        let numbers = [
            ("interval", check.interval), ("timeout", check.timeout), ("startPeriod", check.startPeriod),
            ("startInterval", check.startInterval), ("retries", check.retries),
        ]
        for (name, value) in numbers where value != 0 { members[name] = .integer(value) }
        return members
    }
}
