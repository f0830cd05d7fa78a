// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildModel
import DockerfileFrontend

extension BuildCommand {
    /// What the command line asks for.
    ///
    /// - Throws: `UsageError` and other faults of kind `.usage` for values that can't be read.
    func request(for console: Console) throws -> BuildRequest {
        let input = try BuildInput(path: path, file: options.file, llb: llb, console: console)
        var request = BuildRequest(frontend: input.frontend, contexts: try localContexts(console))
        if let directory = input.directory { request.contexts["context"] = directory }
        if let repository = input.repository { request.contextURL = takeCredentials(from: repository, into: &request) }
        for context in options.buildContexts {
            let (name, value) = try KeyValue.require(context, option: "--build-context")
            request.namedContexts[name] = takeCredentials(from: value, into: &request)
            if case .local = ContextSource(parsing: value, name: name) {
                request.contexts[name] = console.environment.absolute(value)
            }
        }
        for text in options.ignoreFiles {
            let (name, file) = IgnoreFileOption.parse(text)
            request.ignoreFiles[name] = console.environment.absolute(file)
        }
        request.target = options.target
        request.tags = options.tags
        for argument in options.buildArguments {
            let (name, value) = KeyValue.split(argument)
            guard !name.isEmpty else { throw UsageError("--build-arg \(argument): it has no name") }
            request.buildArguments[name] = .some(value)
        }
        for label in options.labels {
            let (name, value) = KeyValue.split(label)
            guard !name.isEmpty else { throw UsageError("--label \(label): it has no name") }
            request.labels[name] = value ?? ""
        }
        request.platforms = try KeyValue.list(options.platforms).map { try Platform(parsing: $0, host: .compiled) }
        request.outputs = try output.specifications()
        try setLimits(of: &request, console)
        try setRecord(of: &request, console)
        try run.apply(to: &request)
        return request
    }

    /// The URL without user and password, which are kept in memory for its host.
    private func takeCredentials(from url: String, into request: inout BuildRequest) -> String {
        guard url.hasPrefix("http://") || url.hasPrefix("https://"),
            case (let plain, let userInfo?) = URLUserInfo.split(url)
        else { return url }
        let host = plain.drop { $0 != "/" }.dropFirst(2).prefix { !"/?#".contains($0) }
        request.urlCredentials[host.lowercased()] = userInfo.basicAuthorization
        return plain
    }

    private func localContexts(_ console: Console) throws -> [String: String] {
        var contexts: [String: String] = [:]
        for local in locals {
            let (name, directory) = try KeyValue.require(local, option: "--local")
            contexts[name] = console.environment.absolute(directory)
        }
        return contexts
    }

    private func setLimits(of request: inout BuildRequest, _ console: Console) throws {
        request.network = options.network.rawValue
        request.extraHosts = try options.hosts.map { try StepLimits.host($0) }
        request.ulimits = try options.ulimits.map { try StepLimits.ulimit($0) }
        request.shmSize = try options.shmSize.map { try ByteSize.parse($0, option: "--shm-size") }
        request.downloadLimit = try options.downloadLimit.map { try ByteSize.parse($0, option: "--max-download") }
        request.allowed = try Entitlements.parse(options.allowed)
        for text in options.secrets {
            let (id, source) = try SecretOptions.secret(text, in: console)
            request.secrets[id] = source
        }
        for text in options.agents {
            let (id, socket) = try SecretOptions.agent(text, in: console)
            request.agents[id] = socket
        }
    }

    private func setRecord(of request: inout BuildRequest, _ console: Console) throws {
        let variable = "SOURCE_DATE_EPOCH"
        let given = (request.buildArguments[variable] ?? nil) ?? console.environment.variables[variable]
        request.epochIsOfContext = request.contextURL != nil && given == "context" && record.timestamps == .clamp
        request.timestamps = try EpochChoice.policy(record.timestamps, given: request.epochIsOfContext ? nil : given)
        request.reproducible = record.reproducible
        request.gitModes = record.contextModes == .git
        request.storesContext = !record.dropsContext
        request.verifiesContext = record.verifiesContext
    }
}
