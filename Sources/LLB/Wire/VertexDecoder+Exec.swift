// SPDX-License-Identifier: Apache-2.0

import LLBProto

extension VertexDecoder {
    /// The most outputs that a vertex has.
    static let maximumOutputCount = 1024

    func read(_ exec: PBExecOp) throws(LLBError) -> ExecOperation {
        try check(exec, "ExecOp")
        guard exec.hasMeta else { throw invalid("an exec needs a process") }
        let mounts = try exec.mounts.map { mount throws(LLBError) in try read(mount) }
        guard mounts.contains(where: { $0.destination == "/" }) else { throw invalid("an exec needs a mount at '/'") }
        var outputs: Set<Int> = []
        for output in mounts.compactMap(\.output) where !outputs.insert(output).inserted {
            throw invalid("two mounts become output \(output)")
        }
        guard let network = NetworkMode(rawValue: exec.network.rawValue) else {
            throw invalid("network mode \(exec.network.rawValue) is not supported")
        }
        guard let security = SecurityMode(rawValue: exec.security.rawValue) else {
            throw invalid("security mode \(exec.security.rawValue) is not supported")
        }
        return ExecOperation(
            process: try read(exec.meta),
            mounts: mounts,
            network: network,
            security: security,
            secretEnvironment: try exec.secretenv.map { secret throws(LLBError) in
                try check(secret, "SecretEnv")
                return SecretVariable(id: secret.id, name: secret.name, isOptional: secret.optional)
            },
            devices: try exec.cdiDevices.map { device throws(LLBError) in
                try check(device, "CDIDevice")
                return ContainerDevice(name: device.name, isOptional: device.optional)
            }
        )
    }

    private func read(_ meta: PBMeta) throws(LLBError) -> ExecProcess {
        try check(meta, "Meta")
        guard !meta.args.isEmpty else { throw invalid("an exec needs arguments") }
        var process = ExecProcess(
            arguments: meta.args,
            environment: meta.env,
            workingDirectory: meta.cwd,
            user: meta.user
        )
        if meta.hasProxyEnv {
            let proxy = meta.proxyEnv
            try check(proxy, "ProxyEnv")
            process.proxy = ProxyEnvironment(
                http: proxy.httpProxy,
                https: proxy.httpsProxy,
                ftp: proxy.ftpProxy,
                excluded: proxy.noProxy,
                all: proxy.allProxy
            )
        }
        process.extraHosts = try meta.extraHosts.map { host throws(LLBError) in
            try check(host, "HostIP")
            return HostAddress(host: host.host, address: host.ip)
        }
        process.hostname = meta.hostname
        process.ulimits = try meta.ulimit.map { limit throws(LLBError) in
            try check(limit, "Ulimit")
            return ResourceLimit(name: limit.name, soft: limit.soft, hard: limit.hard)
        }
        process.cgroupParent = meta.cgroupParent
        process.removesMountStubsRecursively = meta.removeMountStubsRecursive
        process.validExitCodes = meta.validExitCodes
        return process
    }

    private func read(_ mount: PBMount) throws(LLBError) -> ExecMount {
        try check(mount, "Mount")
        guard mount.output >= -1, mount.output < Int64(Self.maximumOutputCount) else {
            throw invalid("mount '\(mount.dest)' becomes output \(mount.output)")
        }
        guard let hint = ContentCacheHint(rawValue: mount.contentCache.rawValue) else {
            throw invalid("content cache mode \(mount.contentCache.rawValue) of mount '\(mount.dest)' is not supported")
        }
        let kind = try kind(of: mount)
        return ExecMount(
            input: try index(mount.input, "mount '\(mount.dest)'"),
            destination: mount.dest,
            selector: mount.selector,
            output: mount.output < 0 || !kind.mayBeOutput ? nil : Int(mount.output),
            isReadOnly: mount.readonly,
            kind: kind,
            resultID: mount.resultID,
            contentCache: hint
        )
    }

    private func kind(of mount: PBMount) throws(LLBError) -> MountKind {
        switch mount.mountType {
        case .bind: return .bind
        case .tmpfs:
            try check(mount.tmpfsOpt, "TmpfsOpt")
            return .tmpfs(size: mount.tmpfsOpt.size)
        case .cache:
            try check(mount.cacheOpt, "CacheOpt")
            guard let sharing = CacheSharing(rawValue: mount.cacheOpt.sharing.rawValue) else {
                throw invalid("cache sharing mode \(mount.cacheOpt.sharing.rawValue) is not supported")
            }
            return .cache(CacheMount(id: mount.cacheOpt.id, sharing: sharing))
        case .secret:
            let secret = mount.secretOpt
            try check(secret, "SecretOpt")
            return .secret(
                SecretMount(
                    id: secret.id,
                    uid: secret.uid,
                    gid: secret.gid,
                    mode: secret.mode,
                    isOptional: secret.optional
                )
            )
        case .ssh:
            let socket = mount.sshopt
            try check(socket, "SSHOpt")
            return .ssh(
                SecretMount(
                    id: socket.id,
                    uid: socket.uid,
                    gid: socket.gid,
                    mode: socket.mode,
                    isOptional: socket.optional
                )
            )
        case .UNRECOGNIZED(let value): throw invalid("mount type \(value) of mount '\(mount.dest)' is not supported")
        }
    }
}
