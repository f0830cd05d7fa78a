// SPDX-License-Identifier: Apache-2.0

/// Variables in the order in which they were last set.
///
/// Source: BuildKit, `client/llb/meta.go`, `EnvList`; the order is that of the step's environment, so it counts in keys.
struct VariableList: Hashable, Sendable {
    private var entries: [(key: String, value: String)] = []
    private var latest: [String: Int] = [:]
    private var cachedList: [String]?

    subscript(key: String) -> String? { latest[key].map { entries[$0].value } }

    /// Sets a variable, which becomes the last one.
    mutating func set(_ key: String, _ value: String) {
        latest[key] = entries.count
        entries.append((key, value))
        cachedList = nil
        if entries.count > 64, entries.count > 2 * latest.count { compact() }
    }

    private mutating func compact() {
        let kept = pairs
        entries = kept
        latest = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1.key, $0) })
    }

    /// The variables in order.
    var pairs: [(key: String, value: String)] {
        entries.enumerated().filter { latest[$1.key] == $0 }.map(\.element)
    }

    /// `NAME=value`, in order.
    var list: [String] { pairs.map { "\($0.key)=\($0.value)" } }

    /// `NAME=value`, in order, made once for steps in a row.
    mutating func environment() -> [String] {
        if let cachedList { return cachedList }
        let made = list
        cachedList = made
        return made
    }

    /// The names, in order.
    var keys: [String] { pairs.map(\.key) }

    static func == (left: VariableList, right: VariableList) -> Bool { left.list == right.list }

    func hash(into hasher: inout Hasher) { hasher.combine(list) }
}
