// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// What differs between the preimages of two keys, apart from what the inputs hold.
struct PreimageComparison {
    let before: JSONValue
    let after: JSONValue

    /// The causes that lie in the operation, in a fixed order.
    var operationCauses: [KeyCause] {
        var causes: [KeyCause] = []
        compare(before["operation"], after["operation"], at: "", into: &causes)
        return causes
    }

    /// Whether the operations differ in something that their readable forms leave out.
    var operationDiffers: Bool { before["operationDigest"] != after["operationDigest"] }

    /// The causes that lie in the rules.
    var ruleCauses: [KeyCause] {
        var causes: [KeyCause] = []
        if let (old, new) = changed("platform") { causes.append(.platform(before: old, after: new)) }
        if let (old, new) = changed("timestamps") { causes.append(.timestamps(before: old, after: new)) }
        if let (old, new) = changed("semantics") { causes.append(.semantics(before: old, after: new)) }
        return causes
    }

    /// Whether what is seen of an input differs, by its position in either.
    func inputDiffers(new: Int, old: Int) -> Bool {
        let (was, now) = (before["inputs"]?.elements ?? [], after["inputs"]?.elements ?? [])
        return (was.indices.contains(old) ? was[old] : nil) != (now.indices.contains(new) ? now[new] : nil)
    }

    private func changed(_ member: String) -> (String, String)? {
        guard before[member] != after[member] else { return nil }
        return (Self.text(before[member]) ?? "none", Self.text(after[member]) ?? "none")
    }

    private static func text(_ value: JSONValue?) -> String? {
        guard let value, value != .null else { return nil }
        return value.text ?? value.canonicalText
    }

    /// Positions in the graph, which no person wrote and which say nothing without the rest.
    private static let positions: Set<String> = ["input", "secondaryInput", "output", "resultID"]

    private func compare(_ old: JSONValue?, _ new: JSONValue?, at path: String, into causes: inout [KeyCause]) {
        guard old != new else { return }
        if let old = old?.members, let new = new?.members {
            for key in Set(old.keys).union(new.keys).sorted() where !Self.positions.contains(key) {
                switch key {
                case "env": causes += Self.environment(old[key], new[key])
                case "mounts": causes += Self.mounts(old[key], new[key])
                default: compare(old[key], new[key], at: path.isEmpty ? key : "\(path).\(key)", into: &causes)
                }
            }
        } else if let old = old?.elements, let new = new?.elements {
            list(old, new, at: path, into: &causes)
        } else {
            let before = OperationWords.value(Self.text(old), at: path)
            let after = OperationWords.value(Self.text(new), at: path)
            causes.append(.operation(path: path, before: before, after: after))
        }
    }

    /// Elements in pairs; where the lists are not equally long, what they begin and end with in common is left out.
    private func list(_ old: [JSONValue], _ new: [JSONValue], at path: String, into causes: inout [KeyCause]) {
        if old.count == new.count {
            for index in old.indices { compare(old[index], new[index], at: "\(path)[\(index)]", into: &causes) }
            return
        }
        let (old, new) = (old.map(Self.withoutPositions), new.map(Self.withoutPositions))
        let common = zip(old, new).prefix { $0 == $1 }.count
        let tail = zip(old[common...].reversed(), new[common...].reversed()).prefix { $0 == $1 }.count
        for index in common..<(old.count - tail) {
            causes.append(.operation(path: "\(path)[\(index)]", before: Self.text(old[index]), after: nil))
        }
        for index in common..<(new.count - tail) {
            causes.append(.operation(path: "\(path)[\(index)]", before: nil, after: Self.text(new[index])))
        }
    }

    private static func withoutPositions(_ value: JSONValue) -> JSONValue {
        guard let members = value.members else { return value }
        return .object(members.filter { !positions.contains($0.key) }.mapValues(withoutPositions))
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

    private static func mounts(_ old: JSONValue?, _ new: JSONValue?) -> [KeyCause] {
        func byPlace(_ value: JSONValue?) -> [String: JSONValue] {
            let pairs = (value?.elements ?? []).map { ($0["dest"]?.text ?? "/", withoutPositions($0)) }
            return Dictionary(pairs) { _, last in last }
        }
        let (before, after) = (byPlace(old), byPlace(new))
        return Set(before.keys).union(after.keys).sorted().compactMap { place in
            guard before[place] != after[place] else { return nil }
            return .mount(
                destination: place,
                before: before[place].map(mountText),
                after: after[place].map(mountText)
            )
        }
    }

    /// A mount as `RUN --mount` spells it, as far as it does.
    private static func mountText(_ mount: JSONValue) -> String {
        var parts: [String] = []
        let options: JSONValue?
        switch mount["mountType"]?.integer ?? 0 {
        case 1: (parts, options) = (["type=secret"], mount["secretOpt"])
        case 2: (parts, options) = (["type=ssh"], mount["SSHOpt"])
        case 3: (parts, options) = (["type=cache"], mount["cacheOpt"])
        case 4: (parts, options) = (["type=tmpfs"], mount["TmpfsOpt"])
        default: (parts, options) = (["type=bind"], nil)
        }
        if let selector = mount["selector"]?.text { parts.append("source=\(selector)") }
        for (name, value) in (options?.members ?? [:]).sorted(by: { $0.key < $1.key }) {
            var shown = text(value) ?? ""
            if name == "sharing" { shown = ["0": "shared", "1": "private", "2": "locked"][shown] ?? shown }
            if name == "mode", let number = value.integer { shown = "0" + String(number, radix: 8) }
            parts.append("\(name == "ID" ? "id" : name)=\(shown)")
        }
        if mount["readonly"] == .boolean(true) { parts.append("ro") }
        return parts.joined(separator: ",")
    }
}
