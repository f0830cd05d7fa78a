// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// What differs between the preimages of two keys, apart from the inputs.
struct PreimageComparison {
    let before: JSONValue
    let after: JSONValue

    /// The causes that lie in the step itself, in a fixed order.
    var causes: [KeyCause] {
        var causes: [KeyCause] = []
        compare(before["operation"], after["operation"], at: "", into: &causes)
        if let (old, new) = changed("platform") { causes.append(.platform(before: old, after: new)) }
        if let (old, new) = changed("timestamps") { causes.append(.timestamps(before: old, after: new)) }
        if let (old, new) = changed("semantics") { causes.append(.semantics(before: old, after: new)) }
        if causes.isEmpty, before["operationDigest"] != after["operationDigest"] {
            causes.append(.operation(path: "the operation", before: nil, after: nil))
        }
        return causes
    }

    /// The positions of inputs whose identities differ.
    var changedInputs: [Int] {
        let old = before["inputs"]?.elements ?? []
        let new = after["inputs"]?.elements ?? []
        return (0..<max(old.count, new.count)).filter { index in
            (old.indices.contains(index) ? old[index] : nil) != (new.indices.contains(index) ? new[index] : nil)
        }
    }

    private func changed(_ member: String) -> (String, String)? {
        guard before[member] != after[member] else { return nil }
        return (Self.text(before[member]) ?? "none", Self.text(after[member]) ?? "none")
    }

    private static func text(_ value: JSONValue?) -> String? {
        guard let value else { return nil }
        return value.text ?? value.canonicalText
    }

    private func compare(_ old: JSONValue?, _ new: JSONValue?, at path: String, into causes: inout [KeyCause]) {
        guard old != new else { return }
        if let old = old?.members, let new = new?.members {
            for key in Set(old.keys).union(new.keys).sorted() {
                if key == "env" {
                    causes += Self.environment(old[key], new[key])
                } else {
                    compare(old[key], new[key], at: path.isEmpty ? key : "\(path).\(key)", into: &causes)
                }
            }
        } else if let old = old?.elements, let new = new?.elements, old.count == new.count {
            for index in old.indices { compare(old[index], new[index], at: "\(path)[\(index)]", into: &causes) }
        } else {
            causes.append(.operation(path: path, before: Self.text(old), after: Self.text(new)))
        }
    }

    private static func environment(_ old: JSONValue?, _ new: JSONValue?) -> [KeyCause] {
        func variables(_ value: JSONValue?) -> [String: String] {
            let pairs = (value?.elements ?? []).compactMap(\.text).map { entry in
                let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
            }
            return Dictionary(pairs) { _, last in last }
        }
        let (before, after) = (variables(old), variables(new))
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            before[name] == after[name] ? nil : .environment(name: name, before: before[name], after: after[name])
        }
    }
}
