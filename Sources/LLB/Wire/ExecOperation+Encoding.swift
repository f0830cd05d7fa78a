// SPDX-License-Identifier: Apache-2.0

extension ExecOperation {
    /// Writes the fields of `ExecOp`.
    func write(to out: inout WireWriter) {
        out.message(1) { process.write(to: &$0) }
        for mount in mounts { out.message(2) { mount.write(to: &$0) } }
        out.integer(3, Int64(network.rawValue))
        out.integer(4, Int64(security.rawValue))
        for secret in secretEnvironment {
            out.message(5) { message in
                message.text(1, secret.id)
                message.text(2, secret.name)
                message.boolean(3, secret.isOptional)
            }
        }
        for device in devices {
            out.message(6) { message in
                message.text(1, device.name)
                message.boolean(2, device.isOptional)
            }
        }
    }
}

extension ExecProcess {
    fileprivate func write(to out: inout WireWriter) {
        out.texts(1, arguments)
        out.texts(2, environment)
        out.text(3, workingDirectory)
        out.text(4, user)
        if let proxy { out.message(5) { proxy.write(to: &$0) } }
        for host in extraHosts {
            out.message(6) { message in
                message.text(1, host.host)
                message.text(2, host.address)
            }
        }
        out.text(7, hostname)
        for limit in ulimits {
            out.message(9) { message in
                message.text(1, limit.name)
                message.integer(2, limit.soft)
                message.integer(3, limit.hard)
            }
        }
        out.text(10, cgroupParent)
        out.boolean(11, removesMountStubsRecursively)
        out.packed(12, validExitCodes.map(Int64.init))
    }
}

extension ProxyEnvironment {
    fileprivate func write(to out: inout WireWriter) {
        out.text(1, http)
        out.text(2, https)
        out.text(3, ftp)
        out.text(4, excluded)
        out.text(5, all)
    }
}

extension ExecMount {
    fileprivate func write(to out: inout WireWriter) {
        out.index(1, input)
        out.text(2, selector)
        out.text(3, destination)
        // Secrets and sockets are no outputs, and BuildKit's client leaves the field at 0 for them.
        if kind.mayBeOutput { out.index(4, output) }
        out.boolean(5, isReadOnly)
        out.integer(6, kind.wireValue)
        switch kind {
        case .bind: break
        case .tmpfs(let size): out.message(19) { $0.integer(1, size) }
        case .cache(let cache):
            out.message(20) { message in
                message.text(1, cache.id)
                message.integer(2, Int64(cache.sharing.rawValue))
            }
        case .secret(let secret): out.message(21) { secret.write(to: &$0) }
        case .ssh(let socket): out.message(22) { socket.write(to: &$0) }
        }
        out.text(23, resultID)
        out.integer(24, Int64(contentCache.rawValue))
    }
}

extension MountKind {
    /// The value of `MountType`.
    fileprivate var wireValue: Int64 {
        switch self {
        case .bind: 0
        case .secret: 1
        case .ssh: 2
        case .cache: 3
        case .tmpfs: 4
        }
    }
}

extension SecretMount {
    fileprivate func write(to out: inout WireWriter) {
        out.text(1, id)
        out.unsigned(2, UInt64(uid))
        out.unsigned(3, UInt64(gid))
        out.unsigned(4, UInt64(mode))
        out.boolean(5, isOptional)
    }
}
