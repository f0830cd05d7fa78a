// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine

/// What records hold none of, and a person must give again.
struct GrantOptions: ParsableArguments {
    @Option(
        name: .customLong("secret"),
        help: ArgumentHelp("A secret, since records hold none.", valueName: "id=ID[,src=FILE|,env=NAME]")
    )
    var secrets: [String] = []

    @Option(
        name: .customLong("ssh"),
        help: ArgumentHelp("The socket of an SSH agent.", valueName: "default|ID[=SOCKET]")
    )
    var agents: [String] = []

    @Option(
        name: .customLong("allow"),
        help: ArgumentHelp("An entitlement that the steps need, since records grant none.", valueName: "NAME")
    )
    var allowed: [String] = []

    /// The secrets by id.
    func secretSources(in console: Console) throws -> [String: SecretSource] {
        try Dictionary(secrets.map { try SecretOptions.secret($0, in: console) }) { _, last in last }
    }

    /// The sockets of agents by id.
    func agentSockets(in console: Console) throws -> [String: String] {
        try Dictionary(agents.map { try SecretOptions.agent($0, in: console) }) { _, last in last }
    }

    /// The entitlements.
    ///
    /// - Throws: `UsageError` for one that there is not.
    func entitlements() throws -> Set<String> { try Entitlements.parse(allowed) }
}
