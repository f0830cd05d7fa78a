// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import LLB
import Layers
import Sandbox

extension ExecStep {
    /// The event that tells what runs, and in which confinement.
    func startEvent(_ exec: ExecOperation, step: ContainerStep, ready: SandboxSlot.Ready) -> StepStarted {
        StepStarted(
            vertex: vertex.digest,
            key: key,
            operation: "exec",
            argv: exec.process.arguments,
            mounts: exec.mounts.map(Self.words),
            network: step.network.rawValue,
            capabilities: ready.runtime.capabilities(for: step.security),
            seccomp: ready.runtime.seccompDigest(for: step.security),
            happened: [
                "runtime": .string(ready.runtime.program.kind.rawValue),
                "driver": .string(ready.driver.driver.name),
                "overlay": .string(ready.driver.overlay.name),
            ]
        )
    }

    private static func words(_ mount: ExecMount) -> String {
        let kind =
            switch mount.kind {
            case .bind: "bind"
            case .cache(let cache): "cache id=\(cache.id)"
            case .tmpfs(let size): "tmpfs size=\(size)"
            case .secret(let secret): "secret id=\(secret.id)"
            case .ssh(let ssh): "ssh id=\(ssh.id)"
            }
        return "\(mount.destination) \(kind)" + (mount.selector.isEmpty ? "" : " from=\(mount.selector)")
            + (mount.isReadOnly ? " ro" : "")
    }

    /// What a failed command is told as.
    func failure(_ exec: ExecOperation, _ exit: ContainerExit) -> StepFailed {
        let command = exec.process.arguments.joined(separator: " ")
        var how: String
        switch exit.outcome {
        case .exited(let code): how = "exit code: \(code)"
        case .signaled(let signal): how = "killed by signal \(signal)"
        }
        switch exit.outOfMemory {
        case .counted: how += ", out of memory"
        case .likely: how += ", probably out of memory"
        case nil: break
        }
        var code: Int32?
        if case .exited(let number) = exit.outcome { code = number }
        return StepFailed(
            vertex: vertex.digest,
            key: key,
            message: "process \"\(command)\" did not complete successfully: \(how)",
            exitCode: code,
            signal: exit.signal,
            outOfMemory: exit.outOfMemory != nil,
            happened: usage(exit)
        )
    }

    /// What the command used, volatile.
    func usage(_ exit: ContainerExit) -> Happened {
        [
            "userMicroseconds": .integer(exit.usage.userTime), "systemMicroseconds": .integer(exit.usage.systemTime),
            "peakMemory": .integer(exit.usage.peakMemory),
        ]
    }
}
