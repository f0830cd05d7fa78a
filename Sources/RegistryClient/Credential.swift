// SPDX-License-Identifier: Apache-2.0

/// What proves to a registry who asks. Its description shows no secret.
public enum Credential: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// A user with a password, or with a personal token in its place.
    case password(user: String, password: String)
    /// A long-lived token that is exchanged for short-lived ones.
    case identityToken(String)
    /// A token that is sent as it is.
    case registryToken(String)

    /// What kind it is, and nothing else.
    public var description: String {
        switch self {
        case .password: "a password"
        case .identityToken: "an identity token"
        case .registryToken: "a registry token"
        }
    }

    /// The same as `description`, so that no secret reaches a log.
    public var debugDescription: String { description }
}

/// Where credentials come from.
public protocol CredentialSource: Sendable {
    /// The credential for a registry, by its `host[:port]`; `nil` where there is none.
    ///
    /// - Throws: `RegistryError.configuration` when a file or helper is broken.
    func credential(for host: String) async throws -> Credential?
}

/// No credentials: registries are read as anybody may.
public struct NoCredentials: CredentialSource {
    /// Makes one.
    public init() {}

    /// Always `nil`.
    public func credential(for host: String) async throws -> Credential? { nil }
}
