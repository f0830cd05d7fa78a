// SPDX-License-Identifier: Apache-2.0

/// Who a process runs as, in numbers.
public struct UserNumbers: Hashable, Sendable {
    /// The user.
    public var uid: UInt32
    /// The primary group.
    public var gid: UInt32
    /// The supplementary groups, in the order of `/etc/group`; without the primary one unless it is listed there.
    public var additionalGroups: [UInt32]

    /// Makes one of its numbers.
    public init(uid: UInt32 = 0, gid: UInt32 = 0, additionalGroups: [UInt32] = []) {
        self.uid = uid
        self.gid = gid
        self.additionalGroups = additionalGroups
    }

    /// User 0 and group 0, without others.
    public static let root = UserNumbers()
}

/// Finds users and groups in a root's own `/etc/passwd` and `/etc/group`, as BuildKit does.
///
/// Source: passwd(5), group(5). Of several lines for a name the first counts; a number that can't be read is 0.
public struct UserLookup: Sendable {
    private let view: LayerView

    /// Looks in a snapshot.
    public init(in view: LayerView) { self.view = view }

    /// Who a process runs as, from `user`, `uid`, `user:group`, `uid:gid` and mixtures; empty for root.
    ///
    /// With both numbers given nothing is read. A number is always an id, never a name. The user's supplementary groups
    /// count where no group is named.
    ///
    /// - Throws: `MountError.unknownName`, `.unusable` for a file over 10 MiB.
    public func process(_ user: String) throws -> UserNumbers {
        let (name, group) = Self.split(user)
        let uid = try number(name)
        let gid = try number(group)
        if let uid = name == "root" && gid != nil ? 0 : uid, let gid = group == "root" ? 0 : gid {
            return UserNumbers(uid: uid, gid: gid)
        }
        var result = UserNumbers()
        let line = try lines("/etc/passwd").first {
            name.isEmpty ? $0.id == 0 : uid.map { [id = $0.id] in id == $0 } ?? ($0.name == name)
        }
        if let line {
            (result.uid, result.gid) = (line.id, line.group)
        } else if let uid {
            result.uid = uid
        } else if !name.isEmpty {
            throw MountError.unknownName(kind: "user", name: name)
        }
        if !group.isEmpty {
            result.gid = try resolve(group: group, gid)
        } else if let line {
            result.additionalGroups = try lines("/etc/group").filter { $0.members.contains(line.name) }.map(\.id)
        }
        return result
    }

    /// The user called `name`, with the primary group; `nil` where there is none, or no file.
    ///
    /// - Throws: `MountError.unusable` for a file that is no regular one or over 10 MiB.
    public func user(named name: String) throws -> UserNumbers? {
        try lines("/etc/passwd").first { $0.name == name }.map { UserNumbers(uid: $0.id, gid: $0.group) }
    }

    /// The group called `name`; `nil` where there is none, or no file.
    ///
    /// - Throws: As `user(named:)`.
    public func group(named name: String) throws -> UInt32? { try lines("/etc/group").first { $0.name == name }?.id }

    // MARK: The files

    /// A line of either file, which agree in their first three fields.
    private struct Line {
        let name: String
        let id: UInt32
        /// The fourth field of passwd as a number, and of group as a list.
        let group: UInt32
        let members: [String]
    }

    private func lines(_ path: String) throws -> [Line] {
        guard let entry = try view.entry(at: Array(path.utf8), following: .all) else { return [] }
        guard entry.kind == .regular else { throw MountError.unusable(path: path, reason: "it is no regular file") }
        guard entry.size <= 10 << 20 else { throw MountError.unusable(path: path, reason: "it is over 10 MiB long") }
        let text = String(decoding: try view.read(entry, limit: 10 << 20), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).compactMap { line in
            let start = line.drop(while: \.isWhitespace)
            guard let initial = start.first, initial != "#" else { return nil }
            let fields = start.split(separator: ":", omittingEmptySubsequences: false)
            func field(_ index: Int) -> Substring { index < fields.count ? fields[index] : "" }
            return Line(
                name: String(field(0)),
                id: UInt32(field(2)) ?? 0,
                group: UInt32(field(3)) ?? 0,
                members: field(3).split(separator: ",").map(String.init)
            )
        }
    }

    private func resolve(group: String, _ gid: UInt32?) throws -> UInt32 {
        if let gid { return gid }
        guard let found = try self.group(named: group) else {
            throw MountError.unknownName(kind: "group", name: group)
        }
        return found
    }

    private static func split(_ user: String) -> (user: String, group: String) {
        let parts = user.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        return (parts.first.map(String.init) ?? "", parts.count > 1 ? String(parts[1]) : "")
    }

    /// The id that `text` spells; `nil` when it is no number.
    private func number(_ text: String) throws -> UInt32? {
        guard let first = text.utf8.first, text.utf8.dropFirst().allSatisfy({ 48...57 ~= $0 }),
            48...57 ~= first || text.utf8.count > 1 && (first == UInt8(ascii: "-") || first == UInt8(ascii: "+"))
        else { return nil }
        guard let value = Int64(text), 0...Int64(Int32.max) ~= value else {
            throw MountError.unusable(path: text, reason: "an id is a number from 0 to 2147483647")
        }
        return UInt32(value)
    }
}
