// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import LLB
public import OCIModel

/// What a Dockerfile became.
public struct FrontendResult: Sendable {
    /// One for each target platform, in the order of the request.
    public var platforms: [LoweredTarget]
    /// What lint found, in the order of the file.
    public var warnings: [LintWarning]
    /// Stages that the target does not need.
    public var skipped: [SkippedStage]
    /// Names of build arguments that were given and never used, sorted.
    public var unusedBuildArguments: [String]
    /// The value of the `# syntax=` line.
    public var syntax: String?
}

/// The target stage for one platform.
public struct LoweredTarget: Sendable {
    /// The platform of the resulting image.
    public var platform: Platform
    /// The graph; its output is the file tree of the target stage. `nil` where the target is `scratch` with no step.
    public var definition: Definition?
    /// The image's configuration, complete but for `diffIDs`, which the exporter fills in.
    ///
    /// The history has as many entries with a layer as the result has layers: those of the base (padded where the
    /// base's own history is short) and one for each step.
    public var config: ImageConfig
    /// The base image's configuration, where the target stands on an image.
    public var base: ResolvedImage?
    /// The name of the target stage: as written, else `stage-N`.
    public var stage: String
    /// Whether the stage was asked to run without cache.
    public var ignoresCache: Bool
    /// The secrets and agents that RUN steps ask for, in order of use.
    public var secrets: [SecretUse]
}

/// A secret or an SSH agent that a step asks for.
public struct SecretUse: Hashable, Sendable {
    /// Whether it is a secret or an agent.
    public enum Purpose: String, Hashable, Sendable {
        /// `--mount=type=secret`.
        case secret
        /// `--mount=type=ssh`.
        case ssh
    }
    /// What it is.
    public var purpose: Purpose
    /// Its id.
    public var id: String
    /// Whether the step fails without it.
    public var isRequired: Bool
    /// Where it stands in the file.
    public var position: DockerfilePosition
}

/// A stage that nothing needs.
public struct SkippedStage: Hashable, Sendable {
    /// Its name as written, else `stage-N`.
    public var name: String
    /// Its number in the file, from 0.
    public var index: Int
    /// One clause, e.g. `the target 'app' does not use it`.
    public var reason: String
    /// Where its FROM stands.
    public var position: DockerfilePosition
}

/// Something in a Dockerfile that is allowed and unwise.
public struct LintWarning: Hashable, Sendable {
    /// BuildKit's name of the rule, e.g. `StageNameCasing`.
    public var rule: String
    /// What is wrong here.
    public var message: String
    /// What the rule is about, in general.
    public var explanation: String
    /// Where.
    public var position: DockerfilePosition
    /// The last line that it is about.
    public var lastLine: Int
    /// BuildKit's page about the rule; empty for rules of reel's own.
    public var url: String
}

extension LintWarning: CustomStringConvertible {
    /// `file:line:column: Rule: message`.
    public var description: String { "\(position): \(rule): \(message)" }
}

/// A place in a source file.
public struct DockerfilePosition: Hashable, Sendable, CustomStringConvertible {
    /// The file's name as the request gives it.
    public var file: String
    /// From 1.
    public var line: Int
    /// From 1, in characters.
    public var column: Int

    /// Makes a place.
    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `file:line:column`.
    public var description: String { "\(file):\(line):\(column)" }
}
