// SPDX-License-Identifier: Apache-2.0

import BuildModel

extension BuildRequest {
    /// All choices that bear on the result, as the log keeps them.
    ///
    /// Values of build arguments are part of the record, as they are part of the keys; secrets are not.
    var recordedOptions: [String: String] {
        if let optionsOfRecord { return optionsOfRecord }
        var options: [String: String] = [:]
        if case .dockerfile(let name, let bytes) = frontend {
            options["filename"] = name
            // It came from standard input, and is no file of the context.
            if bytes != nil { options["dockerfile-inline"] = "true" }
        }
        if let target { options["target"] = target }
        if !platforms.isEmpty { options["platform"] = platforms.map(\.description).joined(separator: ",") }
        for (name, value) in buildArguments { options["build-arg:\(name)"] = URLUserInfo.redacted(value ?? "") }
        for (name, value) in labels { options["label:\(name)"] = value }
        for (name, value) in namedContexts { options["context:\(name)"] = URLUserInfo.redacted(value) }
        if let contextURL { options["context"] = URLUserInfo.redacted(contextURL) }
        if offline != .no { options["offline"] = offline.rawValue }
        for (name, path) in ignoreFiles { options["ignore-file:\(name)"] = path }
        switch timestamps {
        case .keep: options["timestamps"] = "keep"
        case .clamp(let epoch): options["source-date-epoch"] = epochIsOfContext ? "context" : String(epoch)
        }
        if reproducible { options["reproducible"] = "true" }
        if gitModes { options["context-modes"] = "git" }
        if !storesContext { options["store-context"] = "false" }
        if noCache { options["no-cache"] = "true" }
        if !noCacheStages.isEmpty { options["no-cache-filter"] = noCacheStages.sorted().joined(separator: ",") }
        if network != "default" { options["force-network-mode"] = network }
        if !extraHosts.isEmpty {
            options["add-hosts"] = extraHosts.map { "\($0.name)=\($0.address)" }.joined(separator: ",")
        }
        if !ulimits.isEmpty {
            options["ulimit"] = ulimits.map { "\($0.name)=\($0.soft):\($0.hard)" }.joined(separator: ",")
        }
        if let shmSize { options["shm-size"] = String(shmSize) }
        return options
    }

    /// Takes over the choices that `recordedOptions` told, apart from `no-cache`, which was about that one build.
    mutating func restore(_ options: [String: String]) {
        target = options["target"]
        platforms =
            options["platform"]?.split(separator: ",").compactMap {
                try? Platform(parsing: String($0), host: .compiled)
            } ?? []
        for (option, value) in options {
            guard let colon = option.firstIndex(of: ":") else { continue }
            let name = String(option[option.index(after: colon)...])
            switch option[..<colon] {
            case "build-arg": buildArguments[name] = .some(value)
            case "label": labels[name] = value
            case "context": namedContexts[name] = value
            case "ignore-file": ignoreFiles[name] = value
            default: break
            }
        }
        if options["timestamps"] == "keep" {
            timestamps = .keep
        } else if let epoch = options["source-date-epoch"].flatMap({ Int64($0) }) {
            timestamps = .clamp(epoch: epoch)
        }
        reproducible = options["reproducible"] == "true"
        gitModes = options["context-modes"] == "git"
        storesContext = options["store-context"] != "false"
        network = options["force-network-mode"] ?? "default"
        extraHosts = Self.pairs(options["add-hosts"]).map { (name: $0.0, address: $0.1) }
        ulimits = Self.pairs(options["ulimit"]).compactMap { name, limits in
            let numbers = limits.split(separator: ":").compactMap { Int64($0) }
            return numbers.count == 2 ? (name: name, soft: numbers[0], hard: numbers[1]) : nil
        }
        shmSize = options["shm-size"].flatMap { Int64($0) }
    }

    /// The pairs of `a=b,c=d`.
    private static func pairs(_ text: String?) -> [(String, String)] {
        (text ?? "").split(separator: ",").compactMap { pair in
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            return parts.count == 2 ? (parts[0], parts[1]) : nil
        }
    }
}
