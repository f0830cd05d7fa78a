// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// Why a registry could not be read or written.
///
/// Descriptions never hold credentials: they are built of host names, names of images and what the registry said.
public enum RegistryError: Fault, Equatable {
    /// Nothing answered at the host, three times.
    case unreachable(host: String, reason: String)
    /// The registry wants other credentials than there are.
    case denied(host: String, subject: String, reason: String)
    /// The registry has no such image or blob.
    case notFound(host: String, subject: String)
    /// The registry answered something else than the protocol allows, or an error that a retry does not mend.
    case refused(host: String, subject: String, status: Int, reason: String)
    /// What arrived is not what was asked for.
    case mismatch(subject: String, expected: ContentDigest, actual: ContentDigest)
    /// What arrived breaks a limit or the protocol.
    case malformed(host: String, subject: String, reason: String)
    /// The configuration of the client, or a credential helper, is wrong.
    case configuration(String)

    /// `.corrupt` for wrong bytes, `.missing` for what is not there, `.usage` for the configuration, else `.failed`.
    public var kind: FaultKind {
        switch self {
        case .mismatch: .corrupt
        case .notFound: .missing
        case .unreachable, .denied, .refused, .malformed: .failed
        case .configuration: .usage
        }
    }

    /// One sentence.
    public var description: String {
        switch self {
        case .unreachable(let host, let reason): "the registry \(host) can't be reached: \(reason)"
        case .denied(let host, let subject, let reason):
            "the registry \(host) denies access to \(subject) (\(reason)); log in with 'docker login \(host)'"
        case .notFound(let host, let subject): "the registry \(host) has no \(subject)"
        case .refused(let host, let subject, let status, let reason):
            "the registry \(host) answered \(status) for \(subject): \(reason)"
        case .mismatch(let subject, let expected, let actual):
            "\(subject) should be \(expected), but what the registry sent is \(actual)"
        case .malformed(let host, let subject, let reason): "the registry \(host), \(subject): \(reason)"
        case .configuration(let what): what
        }
    }
}
