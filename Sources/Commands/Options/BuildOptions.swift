// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What is built: the options that bear on the result, in docker's spelling where docker has one.
struct BuildOptions: ParsableArguments {
    @Option(
        name: [.short, .customLong("file")],
        help: ArgumentHelp("The Dockerfile; '-' reads it from standard input.", valueName: "FILE"),
        completion: .file()
    )
    var file: String?

    @Option(
        name: [.short, .customLong("tag")],
        help: ArgumentHelp("A name for the image; repeatable.", valueName: "NAME")
    )
    var tags: [String] = []

    @Option(help: ArgumentHelp("The stage to build.", valueName: "STAGE"))
    var target: String?

    @Option(
        name: .customLong("build-arg"),
        help: ArgumentHelp(
            "A build argument; without a value it is taken from the environment.",
            valueName: "NAME[=VALUE]"
        )
    )
    var buildArguments: [String] = []

    @Option(
        name: .customLong("platform"),
        help: ArgumentHelp("The platforms to build for, parted by commas.", valueName: "OS/ARCH")
    )
    var platforms: [String] = []

    @Option(name: .customLong("label"), help: ArgumentHelp("A label for the image.", valueName: "NAME=VALUE"))
    var labels: [String] = []

    @Option(
        name: .customLong("build-context"),
        help: ArgumentHelp(
            "A named context: a directory, a git URL, docker-image://…, oci-layout://…, docker-archive://… or containerd://….",
            valueName: "NAME=VALUE"
        )
    )
    var buildContexts: [String] = []

    @Option(
        name: .customLong("ignore-file"),
        help: ArgumentHelp("Ignore rules, in place of the context's own; repeatable.", valueName: "[CONTEXT=]FILE"),
        completion: .file()
    )
    var ignoreFiles: [String] = []

    @Option(help: ArgumentHelp("The network of steps: default, host or none.", valueName: "MODE"))
    var network: NetworkMode = .default

    @Option(name: .customLong("add-host"), help: ArgumentHelp("A line for /etc/hosts.", valueName: "HOST:IP"))
    var hosts: [String] = []

    @Option(
        name: .customLong("ulimit"),
        help: ArgumentHelp("A limit of the steps' processes.", valueName: "NAME=SOFT[:HARD]")
    )
    var ulimits: [String] = []

    @Option(name: .customLong("shm-size"), help: ArgumentHelp("The size of /dev/shm, such as 64m.", valueName: "SIZE"))
    var shmSize: String?

    @Option(
        name: .customLong("allow"),
        help: ArgumentHelp("An entitlement: network.host, network.private or security.insecure.", valueName: "NAME")
    )
    var allowed: [String] = []

    @Option(
        name: .customLong("max-download"),
        help: ArgumentHelp("The most bytes that ADD takes from a URL, such as 1g; 16g if not said.", valueName: "SIZE")
    )
    var downloadLimit: String?

    @Option(
        name: .customLong("secret"),
        help: ArgumentHelp("A secret for steps that ask for it.", valueName: "id=ID[,src=FILE|,env=NAME]")
    )
    var secrets: [String] = []

    @Option(
        name: .customLong("ssh"),
        help: ArgumentHelp("An SSH agent for steps that ask for it.", valueName: "default|ID[=SOCKET]")
    )
    var agents: [String] = []
}

/// A network that steps can have.
enum NetworkMode: String, ExpressibleByArgument, CaseIterable, Sendable {
    case `default`, host, none
}
