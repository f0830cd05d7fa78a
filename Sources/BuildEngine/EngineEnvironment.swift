// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import CLinux
import Glibc

/// Everything that a build would otherwise read from the machine: the only place where it comes in.
public struct EngineEnvironment: Sendable {
    /// The clock.
    public var clock: any WallClock
    /// 64 random bits at each call.
    public var random: @Sendable () -> UInt64
    /// The variables of the process.
    public var variables: [String: String]
    /// The name of the machine.
    public var host: String
    /// The process.
    public var pid: Int32
    /// The effective user.
    public var uid: UInt32
    /// The working directory, absolute.
    public var workingDirectory: String
    /// The words of the command line.
    public var commandLine: [String]
    /// How many processors may be used.
    public var processors: Int

    /// Makes an environment of given parts.
    public init(
        clock: any WallClock,
        random: @escaping @Sendable () -> UInt64,
        variables: [String: String],
        host: String,
        pid: Int32,
        uid: UInt32,
        workingDirectory: String,
        commandLine: [String],
        processors: Int
    ) {
        self.clock = clock
        self.random = random
        self.variables = variables
        self.host = host
        self.pid = pid
        self.uid = uid
        self.workingDirectory = workingDirectory
        self.commandLine = commandLine
        self.processors = processors
    }

    /// The machine's own.
    public static func system(commandLine: [String]) -> EngineEnvironment {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let host = unsafe gethostname(&buffer, buffer.count) == 0 ? text(buffer) : ""
        let directory = unsafe getcwd(&buffer, buffer.count) == nil ? "/" : text(buffer)
        return EngineEnvironment(
            clock: SystemWallClock(),
            random: { UInt64.random(in: .min ... .max) },
            variables: environmentVariables(),
            host: host,
            pid: getpid(),
            uid: geteuid(),
            workingDirectory: directory,
            commandLine: commandLine,
            processors: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        )
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func environmentVariables() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let parts = unsafe String(cString: text).split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            unsafe entry += 1
        }
        return variables
    }

    /// An absolute form of `path`, completed from the working directory, not resolved.
    public func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : workingDirectory + (workingDirectory.hasSuffix("/") ? "" : "/") + path
    }
}
