// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildEvents
import BuildModel

/// Finds the options of two builds behind what differs in a step's operation.
///
/// A graph does not say which option made it what it is. But where the Dockerfile is the same, what differs comes from the
/// options, or from the configuration of the base image.
struct OptionCauses {
    private let before: BuildRecord
    private let after: BuildRecord
    /// Options that have a say in operations and differ.
    private let changed: [String]

    /// Options that bear on no operation: on names, on what is kept, on rules that the key has on its own.
    private static let silent: Set<String> = [
        "target", "context-modes", "store-context", "no-cache", "no-cache-filter", "source-date-epoch", "timestamps",
        "filename",
        "dockerfile-inline",
    ]

    init(before: BuildRecord, after: BuildRecord) {
        self.before = before
        self.after = after
        let (old, new) = (before.start.options, after.start.options)
        changed = Set(old.keys).union(new.keys).sorted().filter { name in
            old[name] != new[name] && !Self.silent.contains(name) && !name.hasPrefix("label:")
                && !name.hasPrefix("ignore-file:")
        }
    }

    /// Whether both builds read the same Dockerfile.
    private var sameDockerfile: Bool {
        let (old, new) = (before.definitions.map(\.dockerfile), after.definitions.map(\.dockerfile))
        return !new.isEmpty && !new.contains(nil) && Set(old) == Set(new)
    }

    /// The causes behind those that lie in a step's own operation.
    ///
    /// - Parameters:
    ///   - causes: What differs in the operation.
    ///   - rules: What differs in the rules.
    ///   - base: How the image that the step's root begins with moved; `nil` when it did not.
    func behind(_ causes: [KeyCause], rules: [KeyCause], base: KeyCause?) -> [KeyCause] {
        let epochMoved = rules.contains { if case .timestamps = $0 { true } else { false } }
        let rest = causes.compactMap { cause -> KeyCause? in
            guard case .environment(let name, let old, let new) = cause else { return cause }
            if epochMoved, name == "SOURCE_DATE_EPOCH" { return nil }
            return isBuildArgument(name) ? .buildArgument(name: name, before: old, after: new) : cause
        }
        guard sameDockerfile else { return rest }
        return rest.map { optionBehind($0) ?? (changed.isEmpty ? base : nil) ?? $0 }
    }

    /// The option that made a part of the operation another one, if there is only one that can have.
    private func optionBehind(_ cause: KeyCause) -> KeyCause? {
        let words: [String?]
        switch cause {
        case .environment(let name, let before, let after):
            if name == "SOURCE_DATE_EPOCH", changed.contains("reproducible") { return option("reproducible") }
            words = [before, after]
        case .mount(let destination, let before, let after):
            if destination == "/dev/shm", changed.contains("shm-size") { return option("shm-size") }
            words = [before, after]
        case .operation(let path, let before, let after):
            if let name = Self.owners.first(where: { path.hasPrefix($0.key) })?.value, changed.contains(name) {
                return option(name)
            }
            if ["base", "from"].contains(path), let name = changed.first(where: { $0.hasPrefix("context:") }) {
                return option(name)
            }
            words = [before, after]
        default: return nil
        }
        var candidates = changed.filter { $0.hasPrefix("build-arg:") }
        if candidates.count > 1 {
            let told = words.compactMap { $0 }
            candidates = candidates.filter { name in
                let values = [before.start.options[name], after.start.options[name]].compactMap { $0 }
                return values.contains { value in !value.isEmpty && told.contains { $0.contains(value) } }
            }
        }
        if candidates.count == 1, let name = candidates.first { return option(name) }
        return candidates.isEmpty && changed.contains("platform") ? option("platform") : nil
    }

    /// Parts of operations that one option alone sets.
    private static let owners: [String: String] = [
        "exec.network": "force-network-mode", "exec.meta.extraHosts": "add-hosts", "exec.meta.ulimit": "ulimit",
    ]

    /// The other platform that was asked for, which is why a name stands for another image.
    var platformOption: KeyCause? { changed.contains("platform") ? option("platform") : nil }

    /// Whether the difference of permission bits alone is the work of `--context-modes`.
    var modesOption: KeyCause? {
        let name = "context-modes"
        return before.start.options[name] == after.start.options[name] ? nil : option(name)
    }

    /// The option that kept the build from looking up the step's result.
    func refusal(stage: String) -> KeyCause? {
        if after.start.options["no-cache"] == "true" { return .cacheRefused(option: "--no-cache") }
        guard let filter = after.start.options["no-cache-filter"] else { return nil }
        return filter.split(separator: ",").contains { $0 == stage } ? .cacheRefused(option: "--no-cache-filter") : nil
    }

    private func isBuildArgument(_ name: String) -> Bool {
        let key = "build-arg:\(name)"
        let (old, new) = (before.start.options[key], after.start.options[key])
        // A value that came from the environment is not in the record, only that it was asked for.
        return old != new || old == ""
    }

    private func option(_ name: String) -> KeyCause {
        let (old, new) = (before.start.options[name], after.start.options[name])
        if name.hasPrefix("build-arg:") {
            return .buildArgument(name: String(name.dropFirst("build-arg:".count)), before: old, after: new)
        }
        if name == "platform" { return .platform(before: old ?? "default", after: new ?? "default") }
        return .option(name: name, before: old, after: new)
    }
}
