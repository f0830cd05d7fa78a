// SPDX-License-Identifier: Apache-2.0

/// A `RUN --mount=`; its values are not expanded.
struct MountFlag: Hashable, Sendable {
    /// One `key=value`, or `key` alone.
    struct Field: Hashable, Sendable {
        var key: String
        var value: String?
        /// Where it stands.
        var span: Span
    }

    var fields: [Field]
    var span: Span

    /// The value of `from`, not expanded; the last one counts.
    var from: String? { fields.last { $0.key == "from" }?.value }

    /// The value of `type`, not expanded.
    var type: String { fields.last { $0.key == "type" }?.value ?? "bind" }
}

/// A `RUN --device=`.
struct DeviceFlag: Hashable, Sendable {
    var name: String
    var isRequired: Bool
    var span: Span
}

/// What a mount is, all values expanded.
struct Mount: Hashable, Sendable {
    enum Kind: String, CaseIterable, Sendable { case bind, cache, tmpfs, secret, ssh }
    enum Sharing: String, CaseIterable, Sendable { case shared, `private`, locked }

    var kind = Kind.bind
    var from = ""
    var source = ""
    var target = ""
    var isReadOnly = false
    var size: Int64 = 0
    var id = ""
    var sharing: Sharing?
    var isRequired = false
    /// The variable of a secret; empty for the secret's own name.
    var environment: String?
    var mode: UInt32?
    var uid: UInt32?
    var gid: UInt32?
}

/// Reads mounts.
///
/// Source: Dockerfile reference, "RUN --mount"; BuildKit, `frontend/dockerfile/instructions/commands_runmount.go`.
struct MountReader {
    /// A mistake, without place.
    struct Mistake: Error {
        var message: String
        var advice: String?
        /// The field that it is in; `nil` for the whole mount.
        var span: Span?
    }

    static let keys = [
        "type", "from", "source", "src", "target", "dst", "destination", "readonly", "ro", "readwrite", "rw", "id",
        "sharing", "required", "size", "mode", "uid", "gid", "env",
    ]

    /// Whether variables are still to be expanded, so that values with `$` can't be checked.
    let isProvisional: Bool
    private var mount = Mount()
    private var readOnly: Bool?

    init(isProvisional: Bool) { self.isProvisional = isProvisional }

    /// Checks and collects the fields.
    mutating func read(_ fields: [MountFlag.Field]) throws(Mistake) -> Mount {
        for field in fields {
            do throws(Mistake) {
                try read(field)
            } catch {
                throw Mistake(message: error.message, advice: error.advice, span: field.span)
            }
        }
        // While a value is not known, what it would clash with isn't either.
        if !isProvisional || !fields.contains(where: { $0.value?.contains("$") == true }) { try check() }
        mount.isReadOnly = readOnly ?? (mount.kind != .cache && mount.kind != .tmpfs)
        return mount
    }

    private mutating func read(_ field: MountFlag.Field) throws(Mistake) {
        if isProvisional, field.value?.contains("$") == true {
            if !Self.keys.contains(field.key) { throw unknown(field) }
        } else if let value = field.value {
            try take(field, value)
        } else {
            try takeBare(field)
        }
    }

    private func unknown(_ field: MountFlag.Field) -> Mistake {
        Mistake(
            message: "a mount has no option '\(field.key)'",
            advice: Suggestion.advice(field.key, in: Self.keys) ?? "there are " + Self.keys.joined(separator: ", ")
        )
    }

    private mutating func takeBare(_ field: MountFlag.Field) throws(Mistake) {
        switch field.key {
        case "readonly", "ro": readOnly = true
        case "readwrite", "rw": readOnly = false
        case "required":
            try requireKind(field, .secret, .ssh)
            mount.isRequired = true
        default:
            guard Self.keys.contains(field.key) else { throw unknown(field) }
            throw Mistake(message: "the mount option '\(field.key)' needs a value", advice: "write \(field.key)=VALUE")
        }
    }

    private mutating func take(_ field: MountFlag.Field, _ value: String) throws(Mistake) {
        switch field.key {
        case "type": mount.kind = try oneOf(Mount.Kind.self, value, "mount type")
        case "from": mount.from = value
        case "source", "src": mount.source = value
        case "target", "dst", "destination": mount.target = value
        case "readonly", "ro": readOnly = try boolean(field.key, value)
        case "readwrite", "rw": readOnly = try !boolean(field.key, value)
        case "required":
            try requireKind(field, .secret, .ssh)
            mount.isRequired = try boolean(field.key, value)
        case "size":
            try requireKind(field, .tmpfs)
            guard let size = ByteSize.parse(value) else {
                throw Mistake(message: "'\(value)' is no size", advice: "write bytes, or a number with k, m, g or t")
            }
            mount.size = size
        case "id": mount.id = value
        case "sharing": mount.sharing = try oneOf(Mount.Sharing.self, value, "sharing")
        case "mode": mount.mode = try number(field.key, value, radix: 8)
        case "uid": mount.uid = try number(field.key, value, radix: 10)
        case "gid": mount.gid = try number(field.key, value, radix: 10)
        case "env": mount.environment = value
        default: throw unknown(field)
        }
    }

    /// Keys are read in order, so that a key for one type stands after the type.
    private func requireKind(_ field: MountFlag.Field, _ kinds: Mount.Kind...) throws(Mistake) {
        if isProvisional || kinds.contains(mount.kind) { return }
        let names = kinds.map(\.rawValue).joined(separator: " or ")
        throw Mistake(
            message: "a mount of type '\(mount.kind.rawValue)' has no option '\(field.key)'",
            advice: "it belongs to type=\(names), which stands before it"
        )
    }

    private func oneOf<Choice: RawRepresentable<String> & CaseIterable>(
        _ choice: Choice.Type,
        _ value: String,
        _ what: String
    ) throws(Mistake) -> Choice {
        if let found = Choice(rawValue: value.lowercased()) { return found }
        let all = Choice.allCases.map(\.rawValue)
        throw Mistake(
            message: "'\(value)' is no \(what)",
            advice: Suggestion.advice(value, in: all) ?? "there are " + all.joined(separator: ", ")
        )
    }

    private func boolean(_ key: String, _ value: String) throws(Mistake) -> Bool {
        if let result = GoText.boolean(value) { return result }
        throw Mistake(message: "the mount option '\(key)' is true or false, not '\(value)'")
    }

    private func number(_ key: String, _ value: String, radix: Int) throws(Mistake) -> UInt32 {
        if !value.hasPrefix("+"), let number = UInt32(value, radix: radix) { return number }
        throw Mistake(message: "the mount option '\(key)' is \(radix == 8 ? "an octal" : "a") number, not '\(value)'")
    }

    private func check() throws(Mistake) {
        let kind = mount.kind
        if ![.secret, .ssh, .cache].contains(kind) {
            for (key, value) in [("mode", mount.mode), ("uid", mount.uid), ("gid", mount.gid)] where value != nil {
                throw Mistake(message: "a mount of type '\(kind.rawValue)' has no option '\(key)'")
            }
        }
        if kind == .secret {
            if !mount.from.isEmpty { throw Mistake(message: "a secret mount has no 'from'") }
            if mount.sharing != nil { throw Mistake(message: "a secret mount has no 'sharing'") }
            if mount.source.isEmpty, mount.target.isEmpty, mount.id.isEmpty {
                throw Mistake(message: "a secret mount needs an id, a source or a target", advice: "write id=NAME")
            }
            if !mount.source.isEmpty, !mount.id.isEmpty {
                throw Mistake(message: "a secret mount has a source or an id, not both")
            }
        }
        if kind == .ssh, !mount.source.isEmpty { throw Mistake(message: "an ssh mount has no 'source'") }
        if mount.sharing != nil, kind != .cache {
            throw Mistake(message: "a mount of type '\(kind.rawValue)' has no option 'sharing'")
        }
        if mount.target.isEmpty, kind != .secret, kind != .ssh {
            throw Mistake(message: "a mount of type '\(kind.rawValue)' needs a target", advice: "write target=PATH")
        }
    }
}
