// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// One reason why a step did not have the result of the same step in another build.
public indirect enum KeyCause: Hashable, Sendable {
    /// A part of the operation: where in it, and its two values; `nil` where it is not there.
    case operation(path: String, before: String?, after: String?)
    /// A mount of the step, by the place where it is mounted.
    case mount(destination: String, before: String?, after: String?)
    /// A variable of the step's environment that the Dockerfile or the base image sets.
    case environment(name: String, before: String?, after: String?)
    /// A build argument.
    case buildArgument(name: String, before: String?, after: String?)
    /// An option of the build, as the record spells it.
    case option(name: String, before: String?, after: String?)
    /// A file that the step can see of a context.
    case file(FileCause)
    /// A source that resolved to another pin.
    case source(identifier: String, before: String, after: String)
    /// A step below, named here, gave another result, for reasons of its own.
    case input(step: String, because: [KeyCause])
    /// A step below has the same key in both builds and gave another result: it can't be reproduced.
    case result(step: String, before: String, after: String)
    /// A step that it stood on is gone.
    case removedStep(String)
    /// The rule for times.
    case timestamps(before: String, after: String)
    /// The platform.
    case platform(before: String, after: String)
    /// The rules of the engine itself.
    case semantics(before: String, after: String)
    /// The build that it is compared with has no such step.
    case newStep
    /// There is no build before it that it could be compared with.
    case firstBuild
    /// The key is the same, and the other build has no result for it.
    case noResult
    /// The key is the same, and the result is not stored any more.
    case resultGone
    /// An option forbade the use of earlier results.
    case cacheRefused(option: String)
    /// What would tell is not stored any more.
    case unrecorded(String)
}

extension KeyCause: CustomStringConvertible {
    /// One clause.
    public var description: String {
        switch self {
        case .operation(let path, let before, let after):
            "\(OperationWords.name(of: path)): \(Self.change(before, after))"
        case .mount(let destination, let before, let after):
            "the mount at \(destination): \(Self.change(before, after))"
        case .environment(let name, let before, let after): "the variable \(name): \(Self.change(before, after))"
        case .buildArgument(let name, let before, let after):
            "the build argument \(name): \(Self.change(before, after))"
        case .option(let name, let before, let after): "the option \(name): \(Self.change(before, after))"
        case .file(let file): file.description
        case .source(let identifier, let before, let after): "\(identifier) moved: \(before) → \(after)"
        case .input(let step, _): "what it stands on changed: \(step)"
        case .result(let step, let before, let after):
            "\(step) has the same key and gave another result, so it can't be reproduced: \(before) → \(after)"
        case .removedStep(let step): "a step that it stood on is gone: \(step)"
        case .timestamps(let before, let after): "the rule for file times: \(before) → \(after)"
        case .platform(let before, let after): "the platform: \(before) → \(after)"
        case .semantics(let before, let after): "reel's own rules: version \(before) → \(after)"
        case .newStep: "the other build has no such step"
        case .firstBuild: "no earlier build has it"
        case .noResult: "the key is the same, and the other build has no result for it: it failed, or was stopped"
        case .resultGone: "the key is the same, and its result is not stored any more"
        case .cacheRefused(let option): "earlier results were not looked up: \(option)"
        case .unrecorded(let what): "\(what) is not stored any more, so the rest can't be told"
        }
    }

    private static func change(_ before: String?, _ after: String?) -> String {
        switch (before, after) {
        case (nil, let after?): "new: \(after)"
        case (let before?, nil): "gone: \(before)"
        case (let before?, let after?): "\(before) → \(after)"
        case (nil, nil): "changed"
        }
    }
}

extension KeyCause {
    /// The lines for a person, those of the steps below indented.
    public var lines: [String] {
        guard case .input(_, let because) = self else { return [description] }
        return [description] + because.flatMap(\.lines).map { "  " + $0 }
    }

    /// The causes at the ends of all chains: what a person did.
    public var roots: [KeyCause] {
        guard case .input(_, let because) = self, !because.isEmpty else { return [self] }
        return because.flatMap(\.roots)
    }
}
