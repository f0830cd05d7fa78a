// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// How a container of an image runs: the `config` object of an image configuration.
///
/// Source: OCI image specification, "Image Configuration", `config`; Docker's additions `Healthcheck`, `OnBuild`, `Shell`
/// and `ArgsEscaped`. An absent list (`nil`) and an empty one differ, as in Docker.
public struct ContainerConfig: Hashable, Sendable {
    /// User (and group) by name or id; empty for root.
    public var user = ""
    /// `port/protocol`, such as `80/tcp`.
    public var exposedPorts: Set<String> = []
    /// `NAME=value`, in order, each name once.
    public var env: [String] = []
    /// The entry point; `nil` where there is none.
    public var entrypoint: [String]?
    /// The command; `nil` where there is none.
    public var cmd: [String]?
    /// Paths of volumes.
    public var volumes: Set<String> = []
    /// The working directory; empty for `/`.
    public var workingDir = ""
    /// Labels.
    public var labels: [String: String] = [:]
    /// The signal that stops a container; empty for the default.
    public var stopSignal = ""
    /// The health check; `nil` where none is said.
    public var healthcheck: Healthcheck?
    /// Triggers for images built on this one.
    public var onBuild: [String] = []
    /// The shell of shell-form instructions; `nil` for the default.
    public var shell: [String]?
    /// Members that reel does not interpret.
    public var other: [String: JSONValue] = [:]

    /// An empty configuration.
    public init() {}

    /// A container's health check; durations in nanoseconds, 0 for the default.
    public struct Healthcheck: Hashable, Sendable {
        /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", text]`.
        public var test: [String] = []
        /// Time between checks.
        public var interval: Int64 = 0
        /// Time for one check.
        public var timeout: Int64 = 0
        /// Time at the start in which failures don't count.
        public var startPeriod: Int64 = 0
        /// Time between checks during the start.
        public var startInterval: Int64 = 0
        /// Failures in a row that make a container unhealthy; 0 for the default.
        public var retries: Int64 = 0

        /// An empty check.
        public init() {}

        init(json: JSONValue) {
            test = json["Test"]?.elements?.compactMap(\.text) ?? []
            interval = json["Interval"]?.integer ?? 0
            timeout = json["Timeout"]?.integer ?? 0
            startPeriod = json["StartPeriod"]?.integer ?? 0
            startInterval = json["StartInterval"]?.integer ?? 0
            retries = json["Retries"]?.integer ?? 0
        }

        var json: JSONValue {
            var members: [String: JSONValue] = [:]
            if !test.isEmpty { members["Test"] = JSONValue(test) }
            let numbers = [
                ("Interval", interval), ("Timeout", timeout), ("StartPeriod", startPeriod),
                ("StartInterval", startInterval), ("Retries", retries),
            ]
            for (name, value) in numbers where value != 0 { members[name] = .integer(value) }
            return .object(members)
        }
    }

    /// Reads the `config` object; what has another type than expected is left out.
    public init(json: JSONValue) {
        var members = json.members ?? [:]
        func take(_ key: String) -> JSONValue? { members.removeValue(forKey: key) }
        user = take("User")?.text ?? ""
        exposedPorts = Set((take("ExposedPorts")?.members ?? [:]).keys)
        env = take("Env")?.elements?.compactMap(\.text) ?? []
        entrypoint = take("Entrypoint")?.elements?.compactMap(\.text)
        cmd = take("Cmd")?.elements?.compactMap(\.text)
        volumes = Set((take("Volumes")?.members ?? [:]).keys)
        workingDir = take("WorkingDir")?.text ?? ""
        labels = take("Labels")?.members?.compactMapValues(\.text) ?? [:]
        stopSignal = take("StopSignal")?.text ?? ""
        if let check = take("Healthcheck"), check.members != nil { healthcheck = Healthcheck(json: check) }
        onBuild = take("OnBuild")?.elements?.compactMap(\.text) ?? []
        shell = take("Shell")?.elements?.compactMap(\.text)
        other = members
    }

    /// The `config` object.
    public var json: JSONValue {
        var members = other
        let empty = JSONValue.object([:])
        if !user.isEmpty { members["User"] = .string(user) }
        if !exposedPorts.isEmpty {
            members["ExposedPorts"] = .object(Dictionary(uniqueKeysWithValues: exposedPorts.map { ($0, empty) }))
        }
        if !env.isEmpty { members["Env"] = JSONValue(env) }
        if let entrypoint { members["Entrypoint"] = JSONValue(entrypoint) }
        if let cmd { members["Cmd"] = JSONValue(cmd) }
        if !volumes.isEmpty {
            members["Volumes"] = .object(Dictionary(uniqueKeysWithValues: volumes.map { ($0, empty) }))
        }
        if !workingDir.isEmpty { members["WorkingDir"] = .string(workingDir) }
        if !labels.isEmpty { members["Labels"] = JSONValue(labels) }
        if !stopSignal.isEmpty { members["StopSignal"] = .string(stopSignal) }
        if let healthcheck { members["Healthcheck"] = healthcheck.json }
        if !onBuild.isEmpty { members["OnBuild"] = JSONValue(onBuild) }
        if let shell { members["Shell"] = JSONValue(shell) }
        return .object(members)
    }

    /// The value of the variable `name`; `nil` where it is not set.
    public func environmentValue(_ name: String) -> String? {
        env.last { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }

    /// Sets the variable `name`, in its old place if it had one.
    public mutating func setEnvironment(_ name: String, _ value: String) {
        let entry = "\(name)=\(value)"
        if let index = env.firstIndex(where: { $0 == name || $0.hasPrefix(name + "=") }) {
            env[index] = entry
        } else {
            env.append(entry)
        }
    }
}
