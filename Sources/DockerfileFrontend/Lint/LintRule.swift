// SPDX-License-Identifier: Apache-2.0

/// What lint looks for.
///
/// Source: BuildKit, `frontend/dockerfile/linter/ruleset.go`, whose names these are.
enum LintRule: String, CaseIterable, Sendable {
    case stageNameCasing = "StageNameCasing"
    case fromAsCasing = "FromAsCasing"
    case noEmptyContinuation = "NoEmptyContinuation"
    case consistentInstructionCasing = "ConsistentInstructionCasing"
    case duplicateStageName = "DuplicateStageName"
    case reservedStageName = "ReservedStageName"
    case jsonArgsRecommended = "JSONArgsRecommended"
    case maintainerDeprecated = "MaintainerDeprecated"
    case undefinedArgInFrom = "UndefinedArgInFrom"
    case workdirRelativePath = "WorkdirRelativePath"
    case undefinedVar = "UndefinedVar"
    case multipleInstructionsDisallowed = "MultipleInstructionsDisallowed"
    case legacyKeyValueFormat = "LegacyKeyValueFormat"
    case invalidBaseImagePlatform = "InvalidBaseImagePlatform"
    case redundantTargetPlatform = "RedundantTargetPlatform"
    case secretsUsedInArgOrEnv = "SecretsUsedInArgOrEnv"
    case invalidDefaultArgInFrom = "InvalidDefaultArgInFrom"
    case fromPlatformFlagConstDisallowed = "FromPlatformFlagConstDisallowed"
    case copyIgnoredFile = "CopyIgnoredFile"
    case invalidDefinitionDescription = "InvalidDefinitionDescription"
    case exposeProtoCasing = "ExposeProtoCasing"
    case exposeInvalidFormat = "ExposeInvalidFormat"
    /// reel's own.
    case importConflict = "ImportConflict"
    /// reel's own.
    case shadowedPlatformArg = "ShadowedPlatformArg"

    /// Whether it is off unless asked for.
    var isExperimental: Bool { self == .invalidDefinitionDescription }

    /// What it is about.
    var explanation: String {
        switch self {
        case .stageNameCasing: "Stage names are lowercase, whatever is written"
        case .fromAsCasing: "AS should be written as FROM is, in capital or in small letters"
        case .noEmptyContinuation: "An empty line ends a continuation in a future version of the language"
        case .consistentInstructionCasing:
            "All instructions of a file should be in capital letters, or all in small ones"
        case .duplicateStageName: "Two stages of one name can't be told apart"
        case .reservedStageName: "'context' and 'scratch' already mean something else"
        case .jsonArgsRecommended: "In shell form the shell gets the signals that are meant for the program"
        case .maintainerDeprecated: "MAINTAINER is replaced by a label such as org.opencontainers.image.authors"
        case .undefinedArgInFrom: "FROM can use only the arguments declared before the first stage"
        case .workdirRelativePath: "A relative WORKDIR depends on the base image's"
        case .undefinedVar: "A variable that is not set expands to nothing"
        case .multipleInstructionsDisallowed: "Of several such instructions in a stage only the last one counts"
        case .legacyKeyValueFormat: "NAME=VALUE is clearer than NAME VALUE, and takes several"
        case .invalidBaseImagePlatform: "The base image is for another platform than the build"
        case .redundantTargetPlatform: "The target platform is what FROM uses anyway"
        case .secretsUsedInArgOrEnv: "Values of ARG and ENV stay in the image; use RUN --mount=type=secret"
        case .invalidDefaultArgInFrom: "With the arguments' defaults FROM has no valid image name"
        case .fromPlatformFlagConstDisallowed: "A fixed platform builds for that platform alone"
        case .copyIgnoredFile: "The ignore file leaves this out of the context"
        case .invalidDefinitionDescription: "A comment right above FROM or ARG should start with the name it describes"
        case .exposeProtoCasing: "Protocols are written in small letters"
        case .exposeInvalidFormat: "EXPOSE takes a port and a protocol; addresses and host ports belong to 'run'"
        case .importConflict: "Two imports give the same path or variable, and the last one wins"
        case .shadowedPlatformArg: "A default replaces the value that the build sets for a platform argument"
        }
    }

    /// BuildKit's page; empty for reel's own rules.
    var url: String {
        if self == .importConflict || self == .shadowedPlatformArg || self == .invalidBaseImagePlatform { return "" }
        var dashed = ""
        var previous: Character = "A"
        for character in rawValue {
            if character.isUppercase, previous.isLowercase { dashed += "-" }
            dashed += character.lowercased()
            previous = character
        }
        if self == .jsonArgsRecommended { dashed = "json-args-recommended" }
        return "https://docs.docker.com/go/dockerfile/rule/\(dashed)/"
    }
}
