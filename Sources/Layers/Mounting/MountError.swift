// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A snapshot that can't be mounted, or a layer that can't be made of what a step wrote.
public enum MountError: Fault, Equatable {
    /// The kernel refused a mount; the text is its own reason where it gave one.
    case refused(what: String, reason: String)
    /// A path is needed inside a root but can't be made there.
    case mountPoint(path: String, reason: String)
    /// The root is read-only or already unmounted, so that nothing can be committed.
    case notWritable
    /// A user or group that neither is a number nor stands in the root's `/etc/passwd` or `/etc/group`.
    case unknownName(kind: String, name: String)
    /// Something in the root has a form that can't be used; the reason is a clause.
    case unusable(path: String, reason: String)

    /// Always `.failed`.
    public var kind: FaultKind { .failed }

    /// One sentence.
    public var description: String {
        switch self {
        case .refused(let what, let reason): "\(what) can't be mounted: \(reason); 'reel doctor' tells what is possible"
        case .mountPoint(let path, let reason): "'\(path)' can't be made inside the root: \(reason)"
        case .notWritable: "the root is mounted read-only or not at all, so it has no changes to commit"
        case .unknownName(let kind, let name):
            "there is no \(kind) '\(name)' in the root; use a number, or add it to /etc/\(kind == "user" ? "passwd" : kind)"
        case .unusable(let path, let reason): "'\(path)' in the root can't be used: \(reason)"
        }
    }
}
