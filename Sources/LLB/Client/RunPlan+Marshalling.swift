// SPDX-License-Identifier: Apache-2.0

extension RunPlan {
    /// The operation, and the vertices that its mounts name.
    ///
    /// Source: BuildKit, `client/llb/exec.go`, `ExecOp.Marshal`.
    func operation(_ marshaller: StateMarshaller) -> (ExecOperation, [VertexInput]) {
        var inputs: [VertexInput] = []
        var written: [ExecMount] = []
        for planned in mounts {
            var index: Int?
            if let source = planned.source, let input = marshaller.input(source) {
                index = inputs.firstIndex(of: input) ?? inputs.count
                if index == inputs.count { inputs.append(input) }
            }
            written.append(
                ExecMount(
                    input: index,
                    destination: planned.mount.destination,
                    selector: planned.mount.selector,
                    output: planned.mount.givesOutput ? outputIndex(of: planned.id) : nil,
                    isReadOnly: planned.mount.isReadOnly,
                    kind: planned.mount.kind,
                    contentCache: planned.mount.contentCache
                )
            )
        }
        var variables: [SecretVariable] = []
        for secret in options.secrets {
            switch secret {
            case .variable(let variable): variables.append(variable)
            case .file(let destination, let mount):
                written.append(ExecMount(input: nil, destination: destination, kind: .secret(mount)))
            }
        }
        for (destination, mount) in options.sockets {
            written.append(ExecMount(input: nil, destination: destination, kind: .ssh(mount)))
        }
        let operation = ExecOperation(
            process: process,
            mounts: written,
            network: options.settings.network,
            security: options.settings.security,
            secretEnvironment: variables,
            devices: options.devices
        )
        return (operation, inputs)
    }

    private var process: ExecProcess {
        var settings = options.settings
        if let socket = options.sockets.first, !settings.environment.contains(where: { $0.name == "SSH_AUTH_SOCK" }) {
            settings.setEnvironment("SSH_AUTH_SOCK", socket.destination)
        }
        var process = ExecProcess(
            arguments: arguments,
            environment: settings.environment.map { "\($0.name)=\($0.value)" },
            workingDirectory: settings.directory,
            user: settings.user
        )
        process.hostname = settings.hostname
        process.cgroupParent = settings.cgroupParent
        process.extraHosts = settings.extraHosts
        process.ulimits = settings.ulimits
        process.proxy = options.proxy
        process.validExitCodes = options.validExitCodes
        process.removesMountStubsRecursively = true
        return process
    }

    /// The features that a reader of the vertex must know.
    func capabilities(_ vertex: VertexOptions) -> [String] {
        var names = ["exec.meta.base"]
        if !options.settings.ulimits.isEmpty { names.append("exec.meta.ulimit") }
        if vertex.metadata.resources != nil { names.append("exec.meta.linux.resources") }
        if options.settings.network != .sandbox { names.append("exec.meta.network") }
        if options.settings.security != .sandbox { names.append("exec.meta.security") }
        if options.proxy != nil { names.append("exec.meta.proxyenv") }
        if !options.validExitCodes.isEmpty { names.append("exec.validexitcode") }
        if !options.devices.isEmpty { names.append("exec.meta.cdi") }
        if !options.secrets.isEmpty { names.append("exec.mount.secret") }
        if options.secrets.contains(where: { if case .variable = $0 { true } else { false } }) {
            names.append("exec.secretenv")
        }
        if !options.sockets.isEmpty { names.append("exec.mount.ssh") }
        for mount in mounts { names += Self.capabilities(of: mount) }
        return names
    }

    private static func capabilities(of planned: Mount) -> [String] {
        var names: [String] = []
        if !planned.mount.selector.isEmpty { names.append("exec.mount.selector") }
        switch planned.mount.kind {
        case .cache: names += ["exec.mount.cache", "exec.mount.cache.sharing"]
        case .tmpfs(let size): names += size > 0 ? ["exec.mount.tmpfs", "exec.mount.tmpfs.size"] : ["exec.mount.tmpfs"]
        default: if planned.source != nil { names.append("exec.mount.bind") }
        }
        if planned.mount.contentCache != .default { names.append("exec.mount.cache.content") }
        return names
    }
}
