// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB

extension StageLowering {
    /// Adds the mounts of a RUN.
    ///
    /// - Returns: The variables whose values are secrets, which the display must not show.
    mutating func addMounts(_ run: RunInstruction, _ command: StageCommand, _ mounts: inout MountList)
        throws(DockerfileError) -> Set<String>
    {
        var masked: Set<String> = []
        for (index, flag) in run.mounts.enumerated() {
            let mount = try expand(flag, command)
            switch mount.kind {
            case .secret:
                if let name = addSecret(mount, flag, &mounts, command) { masked.insert(name) }
            case .ssh: addAgent(mount, flag, &mounts, command)
            case .bind, .cache, .tmpfs:
                let source = index < command.sources.count ? command.sources[index] : nil
                try addTree(mount, source: source, flag, &mounts, command)
            }
        }
        return masked
    }

    private mutating func expand(_ flag: MountFlag, _ command: StageCommand) throws(DockerfileError) -> Mount {
        var fields = flag.fields
        for index in fields.indices where fields[index].key != "from" {
            guard let value = fields[index].value else { continue }
            fields[index].value = try expand(Word(text: value, span: fields[index].span), command)
        }
        do {
            var reader = MountReader(isProvisional: false)
            return try reader.read(fields)
        } catch {
            throw command.error(error.message, at: error.span ?? flag.span, advice: error.advice, in: target.file)
        }
    }

    /// - Returns: The variable that holds the secret, if one does.
    private mutating func addSecret(
        _ mount: Mount,
        _ flag: MountFlag,
        _ mounts: inout MountList,
        _ command: StageCommand
    ) -> String? {
        var id = mount.source.isEmpty ? mount.id : mount.source
        if id.isEmpty { id = PathText.base(mount.target) }
        note(.secret, id, mount, flag, command)
        let variable = mount.environment.map { $0.isEmpty ? id : $0 }
        if let variable { mounts.add(variable: SecretVariable(id: id, name: variable, isOptional: !mount.isRequired)) }
        var path = mount.target
        // A secret in a variable is a file too only where a target is given.
        if path.isEmpty, variable == nil { path = "/run/secrets/" + PathText.base(id) }
        if !path.isEmpty {
            let secret = SecretMount(
                id: id,
                uid: mount.uid ?? 0,
                gid: mount.gid ?? 0,
                mode: mount.mode ?? 0o400,
                isOptional: !mount.isRequired
            )
            mounts.add(ExecMount(input: nil, destination: path, kind: .secret(secret)))
        }
        return variable
    }

    private mutating func addAgent(
        _ mount: Mount,
        _ flag: MountFlag,
        _ mounts: inout MountList,
        _ command: StageCommand
    ) {
        let id = mount.id.isEmpty ? "default" : mount.id
        note(.ssh, id, mount, flag, command)
        let socket = SecretMount(
            id: id,
            uid: mount.uid ?? 0,
            gid: mount.gid ?? 0,
            mode: mount.mode ?? 0o600,
            isOptional: !mount.isRequired
        )
        mounts.add(ExecMount(input: nil, destination: mount.target, kind: .ssh(socket)))
    }

    private mutating func note(
        _ purpose: SecretUse.Purpose,
        _ id: String,
        _ mount: Mount,
        _ flag: MountFlag,
        _ command: StageCommand
    ) {
        let position = target.file.position(command.triggerSpan ?? flag.span)
        target.secrets.append(SecretUse(purpose: purpose, id: id, isRequired: mount.isRequired, position: position))
    }

    private mutating func addTree(
        _ mount: Mount,
        source: Int?,
        _ flag: MountFlag,
        _ mounts: inout MountList,
        _ command: StageCommand
    ) throws(DockerfileError) {
        var tree: Int?
        if let source, mount.kind != .tmpfs {
            tree = target.states[source]?.root
        } else if mount.kind == .bind {
            tree = try target.mainContext()
        }
        var exec = ExecMount(
            input: nil,
            destination: try destination(mount, flag, command),
            isReadOnly: mount.isReadOnly
        )
        switch mount.kind {
        case .cache:
            let id = mount.id.isEmpty ? PathText.clean(mount.target) : mount.id
            // BuildKit puts a name space before the id, which is empty here.
            exec.kind = .cache(CacheMount(id: "/" + id, sharing: Self.sharing(mount.sharing)))
        case .tmpfs: exec.kind = .tmpfs(size: mount.size)
        default: break
        }
        let path = PathText.join("/", mount.source)
        if path != "/" {
            exec.selector = path
        } else if mount.uid != nil || mount.gid != nil || mount.mode != nil {
            tree = owned(mount, tree)
            exec.selector = "/cache"
        }
        mounts.add(exec, tree: tree)
        target.contexts.note(mount.source, of: tree)
    }

    private static func sharing(_ sharing: Mount.Sharing?) -> CacheSharing {
        switch sharing {
        case nil, .shared: .shared
        case .private: .private
        case .locked: .locked
        }
    }

    private func destination(_ mount: Mount, _ flag: MountFlag, _ command: StageCommand) throws(DockerfileError)
        -> String
    {
        let path =
            PathText.isAbsolute(mount.target) ? mount.target : PathText.join("/", state.workingDirectory, mount.target)
        if PathText.clean(path) == "/" {
            throw command.error(
                "nothing can be mounted at '/'",
                at: flag.span,
                advice: "choose another target",
                in: target.file
            )
        }
        return path
    }

    /// A tree with a folder of the owner and mode that a cache is to start with.
    private mutating func owned(_ mount: Mount, _ tree: Int?) -> Int {
        var make = MakeDirectoryAction(path: "/cache", mode: Int32(truncatingIfNeeded: (mount.mode ?? 0o755) & 0o777))
        make.owner = Ownership(user: .id(mount.uid ?? 0), group: .id(mount.gid ?? 0))
        let base = tree.map { _ in FileOperand.input(0) }
        return target.plan.add(
            .file(FileOperation(actions: [FileAction(base: base, output: 0, change: .makeDirectory(make))])),
            inputs: tree.map { [$0] } ?? [],
            metadata: VertexMetadata(name: "[internal] setting cache mount permissions", capabilities: ["file.base"])
        )
    }
}
