// SPDX-License-Identifier: Apache-2.0

/// The names that `--allow` takes.
enum Entitlements {
    private static let all = ["network.host", "network.private", "security.insecure"]

    /// Reads names, parted by commas or repeated.
    static func parse(_ texts: [String]) throws -> Set<String> {
        let names = Set(KeyValue.list(texts))
        for name in names.sorted() where !all.contains(name) {
            throw UsageError("--allow \(name): there are \(all.joined(separator: ", "))")
        }
        return names
    }
}
