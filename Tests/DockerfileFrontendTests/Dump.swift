// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB
import OCIModel

@testable import DockerfileFrontend

/// A result as text for golden files: each vertex with its name, its inputs by number and what it does.
func dump(_ result: FrontendResult) -> String {
    var lines: [String] = []
    for target in result.platforms {
        lines.append("# \(target.stage) \(target.platform)")
        var numbers: [ContentDigest: Int] = [:]
        for (number, vertex) in (target.definition?.vertices ?? []).enumerated() {
            numbers[vertex.digest] = number
            let inputs = vertex.inputs.map { "\(numbers[$0.digest] ?? -1)" }.joined(separator: ",")
            let place = vertex.locations.flatMap(\.ranges).map { "\($0.start.line)-\($0.end.line)" }.joined(
                separator: " "
            )
            let marks = (vertex.metadata.ignoresCache ? " nocache" : "") + (vertex.platform.map { " \($0)" } ?? "")
            lines.append("\(number) (\(inputs)) \(vertex.name)\(marks)\(place.isEmpty ? "" : " @\(place)")")
            lines.append(contentsOf: describe(vertex.operation).map { "    " + $0 })
        }
        lines.append("config " + target.config.json.canonicalText)
    }
    lines.append(contentsOf: result.warnings.map { "warning \($0)" })
    lines.append(contentsOf: result.skipped.map { "skipped \($0.name) (\($0.index)): \($0.reason)" })
    lines.append(contentsOf: result.unusedBuildArguments.map { "unused \($0)" })
    lines.append(
        contentsOf: result.platforms.flatMap(\.secrets).map { "\($0.purpose) \($0.id) required=\($0.isRequired)" }
    )
    return lines.joined(separator: "\n") + "\n"
}

private func describe(_ operation: VertexOperation) -> [String] {
    switch operation {
    case .source(let source):
        return [source.identifier] + source.attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    case .exec(let exec): return describe(exec)
    case .file(let file): return file.actions.map(describe)
    case .merge(let merge): return ["merge \(merge.inputs.map { $0.map(String.init) ?? "empty" })"]
    case .diff(let diff):
        return ["diff \(diff.lower.map(String.init) ?? "empty") \(diff.upper.map(String.init) ?? "empty")"]
    case .build, .passthrough: return ["\(operation)"]
    }
}

private func describe(_ exec: ExecOperation) -> [String] {
    let process = exec.process
    var lines = ["args \(GoText.quoted(process.arguments))", "env \(GoText.quoted(process.environment))"]
    lines.append(
        "cwd \(process.workingDirectory) user '\(process.user)' network \(exec.network) security \(exec.security)"
    )
    if let proxy = process.proxy { lines.append("proxy \(proxy.http) \(proxy.https) \(proxy.excluded)") }
    for host in process.extraHosts { lines.append("host \(host.host)=\(host.address)") }
    for limit in process.ulimits { lines.append("ulimit \(limit.name)=\(limit.soft):\(limit.hard)") }
    for mount in exec.mounts {
        lines.append(
            "mount \(mount.destination) input \(mount.input.map(String.init) ?? "none")"
                + (mount.selector.isEmpty ? "" : " from \(mount.selector)") + (mount.isReadOnly ? " ro" : "")
                + (mount.output.map { " out \($0)" } ?? "") + " \(describe(mount.kind))"
        )
    }
    for secret in exec.secretEnvironment {
        lines.append("secret \(secret.name)=\(secret.id) optional=\(secret.isOptional)")
    }
    return lines
}

private func describe(_ kind: MountKind) -> String {
    switch kind {
    case .bind: "bind"
    case .cache(let cache): "cache \(cache.id) \(cache.sharing)"
    case .tmpfs(let size): "tmpfs \(size)"
    case .secret(let secret):
        "secret \(secret.id) \(secret.uid):\(secret.gid) \(String(secret.mode, radix: 8)) optional=\(secret.isOptional)"
    case .ssh(let secret):
        "ssh \(secret.id) \(secret.uid):\(secret.gid) \(String(secret.mode, radix: 8)) optional=\(secret.isOptional)"
    }
}

private func describe(_ operand: FileOperand?) -> String {
    switch operand {
    case .input(let index): "input \(index)"
    case .action(let index): "action \(index)"
    case nil: "empty"
    }
}

private func describe(_ owner: OwnerReference?) -> String {
    switch owner {
    case .id(let id): "\(id)"
    case .name(let name, let operand): "\(name)@\(describe(operand))"
    case nil: "-"
    }
}

private func describe(_ action: FileAction) -> String {
    var text = "on \(describe(action.base))" + (action.output.map { " out \($0)" } ?? "") + ": "
    switch action.change {
    case .copy(let copy):
        text += "copy \(describe(action.source)) \(copy.source) -> \(copy.destination)"
        if let owner = copy.owner { text += " owner \(describe(owner.user)):\(describe(owner.group))" }
        if let mode = copy.mode {
            text += " mode \(copy.symbolicMode.isEmpty ? String(mode, radix: 8) : copy.symbolicMode)"
        }
        let flags = [
            ("follow", copy.followsSymlink), ("contents", copy.copiesDirectoryContents),
            ("unpack", copy.unpacksArchive),
            ("create", copy.createsDestinationPath), ("wildcard", copy.allowsWildcard),
            ("emptywildcard", copy.allowsEmptyWildcard),
        ]
        text += " [" + flags.filter(\.1).map(\.0).joined(separator: " ") + "]"
        if !copy.includePatterns.isEmpty { text += " include \(copy.includePatterns)" }
        if !copy.excludePatterns.isEmpty { text += " exclude \(copy.excludePatterns)" }
        if !copy.requiredPaths.isEmpty { text += " require \(copy.requiredPaths)" }
    case .makeFile(let file):
        text +=
            "mkfile \(file.path) \(String(file.mode, radix: 8)) \(GoText.quoted(String(decoding: file.data, as: UTF8.self)))"
    case .makeDirectory(let make):
        text += "mkdir \(make.path) \(String(make.mode, radix: 8))" + (make.makesParents ? " parents" : "")
        if let owner = make.owner { text += " owner \(describe(owner.user)):\(describe(owner.group))" }
    case .symlink, .remove: text += action.change.summary
    }
    return text
}
