// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// One reason why a step's key is another than it was.
public enum KeyCause: Hashable, Sendable {
    /// A part of the operation: where in it, and its two values; `nil` where it is not there.
    case operation(path: String, before: String?, after: String?)
    /// A variable of the step's environment, which a build argument or ENV sets.
    case environment(name: String, before: String?, after: String?)
    /// A file that the step can see of a context.
    case file(context: String, path: String, change: FileChangeCause)
    /// A source that resolved to another pin.
    case source(identifier: String, before: String, after: String)
    /// A step below, named here, gave another result, for its own reasons.
    case input(step: String)
    /// The rule for times.
    case timestamps(before: String, after: String)
    /// The platform.
    case platform(before: String, after: String)
    /// The rules of the engine itself.
    case semantics(before: String, after: String)
    /// The build that it is compared with has no such step.
    case newStep
}

/// What became of one file.
public enum FileChangeCause: String, Hashable, Sendable {
    /// It was not there.
    case added
    /// It is not there any more.
    case removed
    /// Its bytes are others.
    case content
    /// Only its permission bits are others.
    case modeOnly = "mode only, likely umask"
    /// It became a file, directory or link where it was another of these, or its link points elsewhere.
    case type = "type or link target"
}

extension KeyCause: CustomStringConvertible {
    /// One clause.
    public var description: String {
        switch self {
        case .operation(let path, let before, let after): "\(path): \(Self.change(before, after))"
        case .environment(let name, let before, let after): "the variable \(name): \(Self.change(before, after))"
        case .file(let context, let path, let change): "\(path) in the context '\(context)': \(change.rawValue)"
        case .source(let identifier, let before, let after): "\(identifier) moved: \(before) → \(after)"
        case .input(let step): "what it stands on changed: \(step)"
        case .timestamps(let before, let after): "the rule for file times: \(before) → \(after)"
        case .platform(let before, let after): "the platform: \(before) → \(after)"
        case .semantics(let before, let after): "reel's own rules: version \(before) → \(after)"
        case .newStep: "the other build has no such step"
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
