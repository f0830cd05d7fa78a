// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Subprocess
import SystemPackage

/// The `git` program, run so that nothing but its arguments says what it does.
///
/// Its environment is made here: no configuration of the machine, the user or a repository's author, no hooks, no
/// filters, no prompts, no protocols but the remote's own. Credentials are handed over in the environment, which other
/// users can't read, and only for the remote's own origin.
struct GitProgram: Sendable {
    /// What a run left.
    struct Output: Sendable {
        var succeeded: Bool
        var output: [UInt8]
        var errors: String
    }

    /// The folder that has the configuration, and is git's home.
    let home: FilePath
    /// The variables of this process, of which few are handed on.
    let variables: [String: String]

    private static let handedOn = [
        "PATH", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
        "GIT_SSL_CAINFO",
        "GIT_SSL_CAPATH", "SSL_CERT_FILE", "SSL_CERT_DIR",
    ]

    /// Settings that hold in every run.
    ///
    /// Source: git-config manual. Packs stay packs (`fetch.unpackLimit`), and nothing is cleaned up by the way, since
    /// other processes read the repository meanwhile.
    private static let settings = [
        ("core.hooksPath", "/dev/null"), ("core.fsmonitor", "false"), ("core.attributesFile", "/dev/null"),
        ("core.askPass", ""), ("credential.helper", ""), ("protocol.version", "2"), ("protocol.ext.allow", "never"),
        ("fetch.unpackLimit", "1"), ("fetch.recurseSubmodules", "false"), ("fetch.writeCommitGraph", "false"),
        ("gc.auto", "0"), ("maintenance.auto", "false"), ("transfer.bundleURI", "false"),
        ("http.followRedirects", "initial"),
        ("http.lowSpeedLimit", "1"), ("http.lowSpeedTime", "60"), ("advice.detachedHead", "false"),
    ]

    /// Writes the configuration that takes the place of the user's; `safe.directory` counts nowhere else.
    func prepare() throws {
        try CacheFile.makeFolder(home)
        let path = home.appending("config")
        guard try CacheFile.read(path) == nil else { return }
        try CacheFile.write(Array("[safe]\n\tdirectory = *\n".utf8), to: path)
    }

    /// Runs git.
    ///
    /// - Parameters:
    ///   - arguments: The command and what belongs to it.
    ///   - repository: The bare repository; `nil` for none.
    ///   - remote: The remote that may be spoken to; `nil` for none.
    ///   - input: What standard input is; nothing by default.
    func run(
        _ arguments: [String],
        in repository: FilePath?,
        remote: GitRemote? = nil,
        access: GitAccess = GitAccess(),
        settings more: [(String, String)] = [],
        input: [UInt8] = [],
        limit: Int = 256 << 20
    ) async throws -> Output {
        let environment = try environment(remote: remote, access: access, settings: more)
        let place = repository.map { ["--git-dir", $0.string] } ?? []
        do {
            let result = try await Subprocess.run(
                .name("git"),
                arguments: Arguments(place + arguments),
                environment: .custom(environment),
                workingDirectory: home,
                input: .array(input),
                output: .bytes(limit: limit),
                error: .string(limit: 4 << 20)
            )
            return Output(
                succeeded: result.terminationStatus.isSuccess,
                output: result.standardOutput,
                errors: URLUserInfo.redacted(result.standardError)
            )
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw GitError(remote?.url ?? "git", .program("it can't be run (\(error)); install git"))
        }
    }

    /// Runs git with files as standard input and output.
    func run(_ arguments: [String], in repository: FilePath, from input: FileDescriptor, to output: FileDescriptor)
        async throws -> Output
    {
        let environment = try environment(remote: nil, access: GitAccess(), settings: [])
        do {
            let result = try await Subprocess.run(
                .name("git"),
                arguments: Arguments(["--git-dir", repository.string] + arguments),
                environment: .custom(environment),
                workingDirectory: home,
                input: .fileDescriptor(input, closeAfterSpawningProcess: false),
                output: .fileDescriptor(output, closeAfterSpawningProcess: false),
                error: .string(limit: 4 << 20)
            )
            return Output(
                succeeded: result.terminationStatus.isSuccess,
                output: [],
                errors: result.standardError
            )
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw GitError(repository.string, .program("it can't be run (\(error)); install git"))
        }
    }

    private func environment(remote: GitRemote?, access: GitAccess, settings more: [(String, String)]) throws
        -> [Environment.Key: String]
    {
        var all: [String: String] = [
            "HOME": home.string, "XDG_CONFIG_HOME": home.string, "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": home.appending("config").string, "GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "/bin/false", "SSH_ASKPASS": "/bin/false", "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", "GIT_ALLOW_PROTOCOL": "none", "GIT_PROTOCOL_FROM_USER": "0",
        ]
        for name in Self.handedOn { if let value = variables[name] { all[name] = value } }
        if all["PATH"] == nil { all["PATH"] = "/usr/local/bin:/usr/bin:/bin" }
        var settings = Self.settings + more
        if let remote {
            // A server may send an http URL on to https, and the other way round; nothing else.
            all["GIT_ALLOW_PROTOCOL"] = remote.scheme == .http ? "http:https" : remote.scheme.rawValue
            switch remote.scheme {
            case .http, .https:
                if let header = try access.authorization(remote.host) {
                    guard header.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                        throw GitError(
                            remote.url,
                            .request("the secret for it has a line break or control character in it")
                        )
                    }
                    settings.append(("http.\(remote.origin)/.extraHeader", "Authorization: \(header)"))
                }
            case .ssh:
                all["GIT_SSH_COMMAND"] = try ssh(access)
                all["GIT_SSH_VARIANT"] = "ssh"
                if let socket = access.agentSocket { all["SSH_AUTH_SOCK"] = socket }
            case .git, .file: break
            }
        }
        all["GIT_CONFIG_COUNT"] = String(settings.count)
        for (index, setting) in settings.enumerated() {
            all["GIT_CONFIG_KEY_\(index)"] = setting.0
            all["GIT_CONFIG_VALUE_\(index)"] = setting.1
        }
        return Dictionary(uniqueKeysWithValues: all.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
    }

    /// ssh without configuration, prompts, or keys other than those of the agent that is lent.
    private func ssh(_ access: GitAccess) throws -> String {
        var options = [
            "BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=20", "ServerAliveInterval=20",
            "IdentityFile=/dev/null",
            "ForwardAgent=no", "PermitLocalCommand=no", "ProxyCommand=none", "ClearAllForwardings=yes",
        ]
        if !access.knownHosts.isEmpty {
            let bytes = Array(access.knownHosts.utf8)
            let path = home.appending("known_hosts-\(ContentDigest(of: bytes).hex)")
            if try CacheFile.read(path) != bytes { try CacheFile.write(bytes, to: path) }
            // The shell reads this text: a path with a quote in it is refused rather than escaped.
            guard !path.string.contains("'"), !path.string.contains(" ") else {
                throw GitError(
                    path.string,
                    .request("the data root's path has a quote or space in it, which ssh can't be given")
                )
            }
            options += ["UserKnownHostsFile=\(path.string)", "GlobalKnownHostsFile=/dev/null"]
        }
        return "ssh -F /dev/null" + options.map { " -o '\($0)'" }.joined()
    }
}
