// SPDX-License-Identifier: Apache-2.0

import BuildModel
public import SystemPackage

/// Credentials from docker's `config.json`, and from the credential helpers that it names.
///
/// The file is read at each question, since another program may log in meanwhile; a file that is not there has none.
///
/// Source: docker's command-line reference, "docker login", "Credential stores"; docker-credential-helpers, `get`.
public struct DockerCredentials: CredentialSource {
    private let file: FilePath

    /// Reads `file`, which is `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`.
    public init(file: FilePath) { self.file = file }

    /// Helpers for the host first, then the store for all, then the file itself, as docker does.
    public func credential(for host: String) async throws -> Credential? {
        guard let json = try contents() else { return nil }
        let names = Self.names(of: host)
        for name in names {
            if let helper = json["credHelpers"]?[name]?.text { return try await ask(helper, for: name) }
        }
        if let store = json["credsStore"]?.text, !store.isEmpty {
            for name in names {
                if let found = try await ask(store, for: name) { return found }
            }
        }
        for name in names {
            if let entry = json["auths"]?[name], let found = try Self.read(entry, host: host) { return found }
        }
        return nil
    }

    /// The keys under which docker keeps a host.
    static func names(of host: String) -> [String] {
        let isHub = ["docker.io", "index.docker.io", "registry-1.docker.io"].contains(host)
        let hosts = isHub ? ["https://index.docker.io/v1/", "index.docker.io", "docker.io"] : [host]
        return hosts
            + hosts.filter { !$0.hasPrefix("https://") }.flatMap {
                ["https://\($0)", "https://\($0)/", "https://\($0)/v1/", "https://\($0)/v2/", "http://\($0)"]
            }
    }

    private func contents() throws -> JSONValue? {
        let bytes: [UInt8]
        do { bytes = try FileReading.whole(file, limit: 4 << 20) } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch {
            throw RegistryError.configuration("\(file): \(error)")
        }
        do { return try JSONValue(parsing: bytes) } catch {
            throw RegistryError.configuration("\(file) is \(error); mend it, or log in again with 'docker login'")
        }
    }

    private static func read(_ entry: JSONValue, host: String) throws -> Credential? {
        if let token = entry["registrytoken"]?.text, !token.isEmpty { return .registryToken(token) }
        if let token = entry["identitytoken"]?.text, !token.isEmpty { return .identityToken(token) }
        if let user = entry["username"]?.text, let password = entry["password"]?.text, !user.isEmpty {
            return .password(user: user, password: password)
        }
        guard let auth = entry["auth"]?.text, !auth.isEmpty else { return nil }
        guard let bytes = Base64.decode(auth), let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
            throw RegistryError.configuration("docker's config.json has an 'auth' for \(host) that can't be read")
        }
        let user = String(decoding: bytes[..<colon], as: UTF8.self)
        var password = String(decoding: bytes[(colon + 1)...], as: UTF8.self)
        while password.hasSuffix("\0") { password.removeLast() }
        return .password(user: user, password: password)
    }

    private func ask(_ helper: String, for name: String) async throws -> Credential? {
        let program = "docker-credential-\(helper)"
        guard helper.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) }) else {
            throw RegistryError.configuration("'\(helper)' in \(file) is no name of a credential helper")
        }
        let answer: ProgramRun
        do {
            answer = try await Offload.run { try ProgramRun(program, ["get"], input: Array(name.utf8)) }
        } catch let error as SystemCallError {
            throw RegistryError.configuration("\(program), which \(file) names, can't be run: \(error)")
        }
        // A helper says that it has nothing with a failure and a sentence; both mean "go on without".
        guard answer.isSuccess, let json = try? JSONValue(parsing: answer.output), let secret = json["Secret"]?.text
        else {
            return nil
        }
        let user = json["Username"]?.text ?? ""
        return user == "<token>" ? .identityToken(secret) : .password(user: user, password: secret)
    }
}
