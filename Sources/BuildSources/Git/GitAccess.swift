// SPDX-License-Identifier: Apache-2.0

/// What a build may use to be let in at a repository.
public struct GitAccess: Sendable {
    /// The value of the `Authorization` header for a host, such as `basic …`; `nil` where there is none.
    public var authorization: @Sendable (String) throws -> String?
    /// The socket of an SSH agent; `nil` where none is lent.
    public var agentSocket: String?
    /// Lines of a known_hosts file; empty: the user's own file counts.
    public var knownHosts: String

    /// Makes one of its parts; by default nothing is used.
    public init(
        authorization: @escaping @Sendable (String) throws -> String? = { _ in nil },
        agentSocket: String? = nil,
        knownHosts: String = ""
    ) {
        self.authorization = authorization
        self.agentSocket = agentSocket
        self.knownHosts = knownHosts
    }
}
