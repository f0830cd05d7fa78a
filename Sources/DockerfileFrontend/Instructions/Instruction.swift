// SPDX-License-Identifier: Apache-2.0

/// What every instruction has.
struct InstructionHeader: Sendable {
    /// The instruction's word as it is written, e.g. `From`.
    var keyword: Word
    /// The joined line, trimmed.
    var code: String
    /// The first and last line, heredocs included, from 1.
    var lines: ClosedRange<Int>
    /// Comment lines right before it and within its continuation.
    var comments: [Comment]
    /// Its flags, in order.
    var flags: [Flag]
    /// Its heredocs, in order.
    var heredocs: [Heredoc]

    /// The instruction's word in capital letters.
    var name: String { keyword.text.uppercased() }
}

/// An instruction of a Dockerfile.
///
/// Source: Dockerfile reference, "Overview". IMPORT and EXPORT are reel's own: `Docs/import-export.md`.
enum Instruction: Sendable {
    case from(FromInstruction)
    case run(RunInstruction)
    case copy(CopyInstruction)
    case add(AddInstruction)
    case env(EnvInstruction)
    case label(LabelInstruction)
    case arg(ArgInstruction)
    case workdir(WorkdirInstruction)
    case user(UserInstruction)
    case cmd(CmdInstruction)
    case entrypoint(EntrypointInstruction)
    case expose(ExposeInstruction)
    case volume(VolumeInstruction)
    case shell(ShellInstruction)
    case stopSignal(StopSignalInstruction)
    case healthcheck(HealthcheckInstruction)
    case onbuild(OnbuildInstruction)
    case maintainer(MaintainerInstruction)
    case `import`(ImportInstruction)
    case export(ExportInstruction)

    /// The instructions' words, with reel's own.
    static let names = [
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPORT", "EXPOSE", "FROM", "HEALTHCHECK", "IMPORT", "LABEL",
        "MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    ]

    /// What it has in common with all others.
    var header: InstructionHeader {
        switch self {
        case .from(let value): value.header
        case .run(let value): value.header
        case .copy(let value): value.header
        case .add(let value): value.header
        case .env(let value): value.header
        case .label(let value): value.header
        case .arg(let value): value.header
        case .workdir(let value): value.header
        case .user(let value): value.header
        case .cmd(let value): value.header
        case .entrypoint(let value): value.header
        case .expose(let value): value.header
        case .volume(let value): value.header
        case .shell(let value): value.header
        case .stopSignal(let value): value.header
        case .healthcheck(let value): value.header
        case .onbuild(let value): value.header
        case .maintainer(let value): value.header
        case .import(let value): value.header
        case .export(let value): value.header
        }
    }
}

/// `FROM [--platform=P] BASE [AS NAME]`.
struct FromInstruction: Sendable {
    var header: InstructionHeader
    /// Not expanded.
    var base: Word
    /// `AS` as it is written.
    var asKeyword: Word?
    /// The stage's name as it is written; `name.text.lowercased()` is what it is known by.
    var name: Word?
    /// Not expanded.
    var platform: Word?
}

/// A command in shell form or exec form.
struct CommandLine: Hashable, Sendable {
    /// One text in shell form, any number of arguments in exec form.
    var arguments: [String]
    /// Whether it is the JSON form, which no shell sees.
    var isExec: Bool
    /// Where it stands.
    var span: Span
}

/// `RUN [flags] COMMAND`.
struct RunInstruction: Sendable {
    var header: InstructionHeader
    var command: CommandLine
    var mounts: [MountFlag]
    var network: RunNetwork
    var security: RunSecurity
    var devices: [DeviceFlag]
}

/// `RUN --network=`.
enum RunNetwork: String, CaseIterable, Sendable { case `default`, none, host }

/// `RUN --security=`.
enum RunSecurity: String, CaseIterable, Sendable { case sandbox, insecure }

/// What COPY and ADD have in common; nothing is expanded.
struct TransferredFiles: Sendable {
    var sources: [Word]
    /// Documents among the sources.
    var documents: [Heredoc]
    var destination: Word
    var owner: Word?
    var mode: Word?
    var isLinked: Bool
    var excludes: [Word]
}

/// `COPY [flags] SOURCE… DESTINATION`.
struct CopyInstruction: Sendable {
    var header: InstructionHeader
    var files: TransferredFiles
    var from: Word?
    var keepsParents: Bool
}

/// `ADD [flags] SOURCE… DESTINATION`.
struct AddInstruction: Sendable {
    var header: InstructionHeader
    var files: TransferredFiles
    var keepsGitDirectory: Bool?
    var checksum: Word?
    var unpacks: Bool?
}

/// `NAME=VALUE`, not expanded.
struct Assignment: Sendable {
    var key: Word
    var value: Word
    /// Whether it is the old form, `NAME VALUE`.
    var isLegacy: Bool
}

/// `ENV NAME=VALUE…`.
struct EnvInstruction: Sendable {
    var header: InstructionHeader
    var variables: [Assignment]
}

/// `LABEL NAME=VALUE…`.
struct LabelInstruction: Sendable {
    var header: InstructionHeader
    var labels: [Assignment]
}

/// `ARG NAME[=DEFAULT]…`.
struct ArgInstruction: Sendable {
    /// One argument.
    struct Argument: Sendable {
        var name: Word
        var value: Word?
    }

    var header: InstructionHeader
    var arguments: [Argument]
}

/// `WORKDIR PATH`.
struct WorkdirInstruction: Sendable {
    var header: InstructionHeader
    var path: Word
}

/// `USER NAME[:GROUP]`.
struct UserInstruction: Sendable {
    var header: InstructionHeader
    var user: Word
}

/// `CMD COMMAND`.
struct CmdInstruction: Sendable {
    var header: InstructionHeader
    var command: CommandLine
}

/// `ENTRYPOINT COMMAND`.
struct EntrypointInstruction: Sendable {
    var header: InstructionHeader
    var command: CommandLine
}

/// `EXPOSE PORT…`.
struct ExposeInstruction: Sendable {
    var header: InstructionHeader
    var ports: [Word]
}

/// `VOLUME PATH…`.
struct VolumeInstruction: Sendable {
    var header: InstructionHeader
    var paths: [Word]
}

/// `SHELL ["PROGRAM", …]`.
struct ShellInstruction: Sendable {
    var header: InstructionHeader
    var shell: [String]
}

/// `STOPSIGNAL SIGNAL`.
struct StopSignalInstruction: Sendable {
    var header: InstructionHeader
    var signal: Word
}

/// `HEALTHCHECK [flags] CMD COMMAND` or `HEALTHCHECK NONE`.
struct HealthcheckInstruction: Sendable {
    var header: InstructionHeader
    /// `nil` for NONE.
    var command: CommandLine?
    /// In nanoseconds; 0 where it is not said.
    var interval: Int64 = 0
    var timeout: Int64 = 0
    var startPeriod: Int64 = 0
    var startInterval: Int64 = 0
    var retries: Int64 = 0
}

/// `ONBUILD INSTRUCTION`.
struct OnbuildInstruction: Sendable {
    var header: InstructionHeader
    /// The trigger's text, heredocs included, as it is stored in the image.
    var trigger: String
    /// The trigger as it was read here.
    var instruction: [Instruction]
}

/// `MAINTAINER NAME`.
struct MaintainerInstruction: Sendable {
    var header: InstructionHeader
    var name: String
}

/// `IMPORT [--env-prefix=P] STAGE|IMAGE`.
struct ImportInstruction: Sendable {
    var header: InstructionHeader
    var from: Word
    var environmentPrefix: Word?
}

/// `EXPORT COPY|ENV|LABEL|DIFF …`.
struct ExportInstruction: Sendable {
    /// What is exported.
    enum Item: Sendable {
        /// `EXPORT COPY [--chown=…] [--chmod=…] SOURCE… DESTINATION`, from the stage.
        case copy(CopyInstruction)
        case env(EnvInstruction)
        case label(LabelInstruction)
        /// What the stage's steps changed.
        case diff
    }

    var header: InstructionHeader
    var item: Item
}
