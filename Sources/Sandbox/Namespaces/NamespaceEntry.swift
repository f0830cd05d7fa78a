// SPDX-License-Identifier: Apache-2.0

import CLinux

/// The namespaces of its own that this process is in.
///
/// A private mount namespace, so that no mount outlives the process, however it dies. An ordinary user gets a user
/// namespace around it, in which the process is root.
public struct NamespaceEntry: Hashable, Sendable {
    /// Who the process is outside.
    public enum Identity: String, Hashable, Sendable {
        /// root.
        case root
        /// An ordinary user with the ids of `/etc/subuid` and `/etc/subgid` below root.
        case mappedIDs
        /// An ordinary user who has one id only: files of other owners can't exist.
        case singleID
    }

    /// Why a process has one id only.
    public enum SingleIDCause: String, Hashable, Sendable, CaseIterable {
        /// `/etc/subuid` gives the user nothing.
        case noUserRange = "/etc/subuid has no range for this user"
        /// `/etc/subgid` gives the user nothing.
        case noGroupRange = "/etc/subgid has no range for this user"
        /// The programs that map ids are not there.
        case noProgram = "newuidmap and newgidmap are not installed"
        /// The programs that map ids refuse.
        case refused = "newuidmap or newgidmap refused"
        /// The process is root in a user namespace that somebody else made.
        case outer = "the user namespace that reel was started in has one id"
    }

    /// Who the process is outside.
    public let identity: Identity
    /// What was done about control groups that runtimes refuse; `nil` where nothing had to be done.
    public let cgroupsHidden: String?
    /// Why there is one id only; `nil` where there are more.
    public let singleID: SingleIDCause?

    /// Whether the process is root inside only.
    public var isRootless: Bool { identity != .root }

    /// Enters new namespaces for the whole process.
    ///
    /// Call it from `main` before any thread is started and before anything asynchronous. A failure leaves the process
    /// as it was, or with namespaces that it does not need. Calling it again returns the first call's answer.
    ///
    /// - Throws: `SandboxError.namespaces`.
    public static func enter() throws(SandboxError) -> NamespaceEntry {
        var found = reel_namespaces()
        let code = unsafe reel_enter_namespaces(&found)
        guard code == 0 else { throw .namespaces(reason: text(&found.error)) }
        let identity: Identity =
            switch Int(found.identity) {
            case REEL_IDENTITY_ROOT: .root
            case REEL_IDENTITY_MAPPED: .mappedIDs
            default: .singleID
            }
        let cgroups = text(&found.cgroups)
        let single: SingleIDCause? =
            switch Int(found.single) {
            case REEL_SINGLE_NO_SUBUID: .noUserRange
            case REEL_SINGLE_NO_SUBGID: .noGroupRange
            case REEL_SINGLE_NO_PROGRAM: .noProgram
            case REEL_SINGLE_REFUSED: .refused
            case REEL_SINGLE_OUTER: .outer
            default: nil
            }
        return NamespaceEntry(
            identity: identity,
            cgroupsHidden: cgroups.isEmpty ? nil : cgroups,
            singleID: single
        )
    }

    /// The text in a field of fixed size.
    private static func text<Field>(_ field: inout Field) -> String {
        unsafe withUnsafeBytes(of: &field) { raw in unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
