// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB

extension StageLowering {
    mutating func lower(_ run: RunInstruction, _ command: StageCommand) throws(DockerfileError) {
        try checkPermissions(run, command)
        var mounts = MountList(root: state.root)
        var process = ExecProcess(arguments: [])
        let (arguments, summary) = try runArguments(run, command, &mounts)
        process.arguments = run.command.isExec ? arguments : shell + [arguments.joined(separator: " ")]
        guard !process.arguments.isEmpty else {
            throw command.error("RUN requires a command", at: run.command.span, in: target.file)
        }
        let masked = try addMounts(run, command, &mounts)
        if settings.request.shmSize > 0 {
            mounts.add(
                ExecMount(input: nil, destination: "/dev/shm", kind: .tmpfs(size: settings.request.shmSize)),
                tree: nil
            )
        }
        configure(&process, sockets: mounts.sockets, environment: state.environment.environment())
        var exec = ExecOperation(process: process, mounts: mounts.sorted)
        exec.network = network(run)
        exec.security = run.security == .insecure ? .insecure : .sandbox
        exec.secretEnvironment = mounts.variables
        let name = stepName(shownCode(command, keepsUnset: true, masking: masked, suffix: summary), command)
        state.root = target.plan.add(
            .exec(exec),
            inputs: mounts.inputs,
            platform: state.platform,
            metadata: VertexMetadata(
                name: name,
                command: command.instruction.header.code,
                capabilities: capabilities(exec),
                ignoresCache: node.ignoresCache
            ),
            lines: command.lines
        )
        record("RUN " + historyText(process.arguments), hasLayer: true, isBuilt: true)
    }

    private func checkPermissions(_ run: RunInstruction, _ command: StageCommand) throws(DockerfileError) {
        let span = { (flag: String) in run.header.flags.first { $0.name == flag }?.span ?? run.header.keyword.span }
        if let device = run.devices.first {
            throw command.error("RUN --device is not supported", at: device.span, in: target.file)
        }
        let allowed = settings.request.entitlements
        if run.security == .insecure, !allowed.contains("security.insecure") {
            throw command.error(
                "RUN --security=insecure was not allowed",
                at: span("security"),
                advice: "pass --allow security.insecure",
                in: target.file
            )
        }
        if network(run) == .host, !allowed.contains("network.host") {
            throw command.error(
                "RUN with the host's network was not allowed",
                at: span("network"),
                advice: "pass --allow network.host",
                in: target.file
            )
        }
    }

    private func network(_ run: RunInstruction) -> NetworkMode {
        switch run.network {
        case .none: .none
        case .host: .host
        case .default:
            switch settings.request.network {
            case .sandbox: .sandbox
            case .host: .host
            case .none: .none
            }
        }
    }

    /// The arguments, and what the display adds to them.
    ///
    /// Source: BuildKit, `convert.go`, `dispatchRun`: one heredoc alone is a script; others are the shell's to read.
    private mutating func runArguments(_ run: RunInstruction, _ command: StageCommand, _ mounts: inout MountList)
        throws(DockerfileError) -> ([String], String)
    {
        let line = run.command
        guard let first = run.header.heredocs.first, !line.isExec, let text = line.arguments.first else {
            return (line.arguments, "")
        }
        guard Heredoc(word: text, span: line.span) != nil else {
            let documents = run.header.heredocs.map { "\n" + $0.content + $0.name }.joined()
            return ([text + documents], "")
        }
        let summary = " (\(Self.summary(first.content)))"
        guard first.text.hasPrefix("#!") else { return ([first.text], summary) }
        let make = MakeFileAction(path: PathText.source(first.name), mode: 0o755, data: Array(first.text.utf8))
        let tree = target.plan.add(
            .file(FileOperation(actions: [FileAction(base: nil, output: 0, change: .makeFile(make))])),
            metadata: VertexMetadata(name: "[internal] preparing inline document", capabilities: ["file.base"])
        )
        mounts.add(ExecMount(input: nil, destination: "/dev/pipes/", selector: "/", isReadOnly: true), tree: tree)
        return (["/dev/pipes/" + first.name], summary)
    }

    /// The first line of a document, with dots where there are more.
    private static func summary(_ content: String) -> String {
        let bytes = Array(content.utf8)[...].trimmed
        let line = bytes.prefix { $0 != 0x0A }
        return line.trimmed.text + (line.count < bytes.count ? "..." : "")
    }

    private func configure(_ process: inout ExecProcess, sockets: [ExecMount], environment: [String]) {
        let request = settings.request
        process.environment = environment
        if let epoch = request.epochInEnvironment, state.environment["SOURCE_DATE_EPOCH"] == nil {
            process.environment.append("SOURCE_DATE_EPOCH=\(epoch)")
        }
        if let socket = sockets.first, state.environment["SSH_AUTH_SOCK"] == nil {
            process.environment.append("SSH_AUTH_SOCK=\(socket.destination)")
        }
        process.workingDirectory = state.workingDirectory
        process.user = state.user
        process.proxy = settings.proxy
        process.extraHosts = request.extraHosts.map { HostAddress(host: $0.host, address: $0.address) }
        process.hostname = request.hostname
        process.ulimits = request.ulimits.map { ResourceLimit(name: $0.name, soft: $0.soft, hard: $0.hard) }
        process.cgroupParent = request.cgroupParent
        process.removesMountStubsRecursively = true
    }

    /// `|2 A=x B=y /bin/sh -c …`: the arguments after the ARGs that hold.
    private func historyText(_ arguments: [String]) -> String {
        var names: [String] = []
        var values: [String: String] = [:]
        for argument in state.arguments {
            if values[argument.name] == nil { names.append(argument.name) }
            values[argument.name] = state.environment[argument.name] ?? argument.value ?? ""
        }
        let given = names.isEmpty ? [] : ["|\(names.count)"] + names.map { "\($0)=\(values[$0] ?? "")" }
        return (given + arguments).joined(separator: " ")
    }

    private func capabilities(_ exec: ExecOperation) -> [String] {
        if exec.mounts.count == 1, exec.mounts[0].input != nil, exec.network == .sandbox, exec.security == .sandbox,
            exec.process.proxy == nil, exec.process.ulimits.isEmpty, exec.secretEnvironment.isEmpty
        {
            return VertexMetadata.plainStep
        }
        var result: Set<String> = ["exec.meta.base", "exec.meta.setsdefaultpath"]
        if exec.network != .sandbox { result.insert("exec.meta.network") }
        if exec.security != .sandbox { result.insert("exec.meta.security") }
        if exec.process.proxy != nil { result.insert("exec.meta.proxyenv") }
        if !exec.process.ulimits.isEmpty { result.insert("exec.meta.ulimit") }
        if !exec.secretEnvironment.isEmpty { result.formUnion(["exec.mount.secret", "exec.secretenv"]) }
        for mount in exec.mounts {
            if !mount.selector.isEmpty { result.insert("exec.mount.selector") }
            switch mount.kind {
            case .bind: if mount.input != nil { result.insert("exec.mount.bind") }
            case .cache: result.formUnion(["exec.mount.cache", "exec.mount.cache.sharing"])
            case .tmpfs(let size):
                result.insert("exec.mount.tmpfs")
                if size > 0 { result.insert("exec.mount.tmpfs.size") }
            case .secret: result.insert("exec.mount.secret")
            case .ssh: result.insert("exec.mount.ssh")
            }
        }
        return result.sorted()
    }
}
