// SPDX-License-Identifier: Apache-2.0

import BuildModel
import RegistryClient
import SystemPackage

/// What the person's files say about registries.
///
/// `registries.json` is an object with a member for each registry, `host[:port]`, such as
/// `{"docker.io": {"mirrors": ["mirror.example"]}, "registry.lan": {"plainHTTP": true}}`.
enum RegistrySettings {
    /// The configuration of the first file there is: `$REEL_REGISTRIES`, the person's own, the machine's.
    ///
    /// - Throws: `RegistryError.configuration` for a file that can't be read, and for members that are not known.
    static func configuration(in environment: EngineEnvironment) throws -> RegistryConfiguration {
        for path in places(in: environment) {
            guard let bytes = try ContextFiles.read(path) else { continue }
            func wrong(_ what: String) -> RegistryError { .configuration("\(path): \(what)") }
            let json: JSONValue
            do { json = try JSONValue(parsing: bytes) } catch { throw wrong("it is \(error)") }
            guard let members = json.members else { throw wrong("it should be an object, a member for each registry") }
            var configuration = RegistryConfiguration()
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                var host = RegistryConfiguration.Host()
                for (key, value) in (value.members ?? ["": value]).sorted(by: { $0.key < $1.key }) {
                    switch key {
                    case "mirrors": host.mirrors = value.elements?.compactMap(\.text) ?? []
                    case "plainHTTP": host.plainHTTP = value.boolean
                    default: throw wrong("'\(name)' may have mirrors and plainHTTP, and has '\(key)'")
                    }
                }
                configuration.hosts[name] = host
            }
            return configuration
        }
        return RegistryConfiguration()
    }

    /// The file in which `docker login` keeps credentials.
    static func dockerConfiguration(in environment: EngineEnvironment) -> FilePath {
        if let folder = environment.variables["DOCKER_CONFIG"], !folder.isEmpty {
            return FilePath(environment.absolute(folder)).appending("config.json")
        }
        return FilePath(environment.variables["HOME"] ?? "/root").appending(".docker").appending("config.json")
    }

    private static func places(in environment: EngineEnvironment) -> [FilePath] {
        if let given = environment.variables["REEL_REGISTRIES"], !given.isEmpty {
            return [FilePath(environment.absolute(given))]
        }
        let home = environment.variables["HOME"] ?? "/root"
        let own = environment.variables["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.config"
        return [FilePath(own + "/reel/registries.json"), "/etc/reel/registries.json"]
    }
}
