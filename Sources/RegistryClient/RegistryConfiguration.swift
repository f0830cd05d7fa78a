// SPDX-License-Identifier: Apache-2.0

import OCIModel

/// How registries are spoken to.
public struct RegistryConfiguration: Hashable, Sendable {
    /// What is particular about one registry.
    public struct Host: Hashable, Sendable {
        /// Places to try first for reading, as `host[:port][/path]`, in their order.
        public var mirrors: [String]
        /// Whether it speaks plain HTTP; `nil`: on the loopback only, other than on port 443.
        public var plainHTTP: Bool?

        /// Makes one of its parts.
        public init(mirrors: [String] = [], plainHTTP: Bool? = nil) {
            self.mirrors = mirrors
            self.plainHTTP = plainHTTP
        }
    }

    /// Registries and mirrors that something is said about, by `host[:port]`.
    public var hosts: [String: Host]
    /// How often a request is repeated after a fault that may pass.
    public var retries: Int
    /// The pause before the first repetition; each further one is twice as long.
    public var firstPause: Duration
    /// The longest pause that a registry may ask for; a longer one ends the attempt.
    public var longestPause: Duration
    /// How many blobs are transferred at the same time.
    public var parallelTransfers: Int

    /// Makes a configuration.
    public init(
        hosts: [String: Host] = [:],
        retries: Int = 3,
        firstPause: Duration = .milliseconds(500),
        longestPause: Duration = .seconds(120),
        parallelTransfers: Int = 4
    ) {
        self.hosts = hosts
        self.retries = retries
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.parallelTransfers = parallelTransfers
    }

    /// The places that have `reference`, in the order in which they are tried for reading.
    func places(of reference: ImageReference) -> [RegistryPlace] {
        let mirrors = hosts[reference.registry]?.mirrors ?? []
        return mirrors.map { place(named: $0, repository: reference.repository) } + [home(of: reference)]
    }

    /// The registry itself, which is written to.
    func home(of reference: ImageReference) -> RegistryPlace {
        let name = reference.registry == "docker.io" ? "registry-1.docker.io" : reference.registry
        return place(named: name, repository: reference.repository)
    }

    private func place(named name: String, repository: String) -> RegistryPlace {
        let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
        let host = parts.first ?? name
        let plain = hosts[host]?.plainHTTP ?? RegistryPlace.isPlainByNature(host)
        let path = parts.count > 1 ? "\(parts[1])/\(repository)" : repository
        return RegistryPlace(host: host, scheme: plain ? "http" : "https", repository: path)
    }
}

/// One repository at one host.
struct RegistryPlace: Hashable, Sendable {
    /// `host[:port]`.
    let host: String
    var scheme: String
    let repository: String

    /// The URL of something below the repository, such as `blobs/sha256:…`.
    func url(_ rest: String) -> String { "\(scheme)://\(host)/v2/\(repository)/\(rest)" }

    /// Whether a host is on the loopback, and not at the port of TLS.
    static func isPlainByNature(_ host: String) -> Bool {
        let (name, port) = split(host)
        guard port != "443" else { return false }
        return name == "localhost" || name.hasSuffix(".localhost") || name == "::1"
            || name.hasPrefix("127.") && name.split(separator: ".").count == 4
                && name.allSatisfy { $0.isNumber || $0 == "." }
    }

    private static func split(_ host: String) -> (name: String, port: String?) {
        if host.hasPrefix("["), let close = host.firstIndex(of: "]") {
            let rest = host[host.index(after: close)...]
            return (
                String(host[host.index(after: host.startIndex)..<close]), rest.isEmpty ? nil : String(rest.dropFirst())
            )
        }
        guard let colon = host.lastIndex(of: ":") else { return (host, nil) }
        return (String(host[..<colon]), String(host[host.index(after: colon)...]))
    }
}
