// SPDX-License-Identifier: Apache-2.0

/// The submodules that a commit's `.gitmodules` names.
struct GitSubmodules {
    /// URLs by path.
    private var urls: [String: String] = [:]

    /// Reads what `git config --null --list` prints of the file: `key LF value NUL`.
    ///
    /// Source: gitmodules manual. Only `path` and `url` are looked at; nothing that the file says is ever run.
    init(config output: [UInt8]) {
        var paths: [String: String] = [:]
        var found: [String: String] = [:]
        for record in output.split(separator: 0) {
            let parts = String(decoding: record, as: UTF8.self)
                .split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].hasPrefix("submodule.") else { continue }
            let key = parts[0].dropFirst("submodule.".count)
            if key.hasSuffix(".path") { paths[String(key.dropLast(5))] = String(parts[1]) }
            if key.hasSuffix(".url") { found[String(key.dropLast(4))] = String(parts[1]) }
        }
        for (name, path) in paths { if let url = found[name] { urls[path] = url } }
    }

    /// The URL of the submodule at `path`, as it is written.
    func url(at path: [UInt8]) -> String? { urls[String(decoding: path, as: UTF8.self)] }
}
