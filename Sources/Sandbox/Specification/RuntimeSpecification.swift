// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// What a runtime reads as `config.json`: the part of the OCI runtime specification that steps need.
///
/// Source: OCI runtime specification 1.0.2, "config.md" and "config-linux.md".
struct RuntimeSpecification {
    /// A process: `process`.
    struct Process {
        var arguments: [String] = []
        var environment: [String] = []
        var workingDirectory = "/"
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        var additionalGroups: [UInt32] = []
        var umask: UInt16 = 0o022
        /// Granted and kept across `execve` of a program without file capabilities by root.
        var capabilities: [String] = []
        /// Kept by other users too: inheritable and ambient.
        var inheritedCapabilities: [String] = []
        var limits: [(type: String, soft: UInt64, hard: UInt64)] = []
    }

    /// A mount: an element of `mounts`.
    struct Mount {
        var destination: String
        var type: String
        var source: String
        var options: [String]
    }

    /// A device: an element of `linux.devices`.
    struct Device {
        var path: String
        var type: String
        var major: Int64
        var minor: Int64
    }

    var process = Process()
    var rootPath = ""
    var isRootReadOnly = false
    var hostname = ""
    var mounts: [Mount] = []
    var namespaces: [String] = []
    var maskedPaths: [String] = []
    var readOnlyPaths: [String] = []
    var devices: [Device] = []
    var seccomp: JSONValue?
    var annotations: [String: String] = [:]

    /// The document.
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "ociVersion": "1.0.2",
            "process": process.json,
            "root": ["path": .string(rootPath), "readonly": .boolean(isRootReadOnly)],
            "hostname": .string(hostname),
            "mounts": .array(mounts.map(\.json)),
            "linux": linux,
        ]
        if !annotations.isEmpty { members["annotations"] = JSONValue(annotations) }
        return .object(members)
    }

    private var linux: JSONValue {
        var members: [String: JSONValue] = [
            "namespaces": .array(namespaces.map { ["type": .string($0)] }),
            "maskedPaths": JSONValue(maskedPaths),
            "readonlyPaths": JSONValue(readOnlyPaths),
        ]
        if !devices.isEmpty { members["devices"] = .array(devices.map(\.json)) }
        if let seccomp { members["seccomp"] = seccomp }
        return .object(members)
    }
}

extension RuntimeSpecification.Process {
    /// The `process` object.
    var json: JSONValue {
        let granted = JSONValue(capabilities)
        let inherited = JSONValue(inheritedCapabilities)
        return [
            "terminal": false,
            "user": [
                "uid": .integer(Int64(uid)),
                "gid": .integer(Int64(gid)),
                "additionalGids": .array(additionalGroups.map { .integer(Int64($0)) }),
                "umask": .integer(Int64(umask)),
            ],
            "args": JSONValue(arguments),
            "env": JSONValue(environment),
            "cwd": .string(workingDirectory),
            "capabilities": [
                "bounding": granted,
                "effective": granted,
                "permitted": granted,
                "inheritable": inherited,
                "ambient": inherited,
            ],
            "rlimits": .array(
                limits.map {
                    // Infinity is all ones, which as a JSON number is beyond 64-bit signed integers.
                    ["type": .string($0.type), "soft": .number(String($0.soft)), "hard": .number(String($0.hard))]
                }
            ),
            "noNewPrivileges": false,
        ]
    }
}

extension RuntimeSpecification.Mount {
    /// The object.
    var json: JSONValue {
        [
            "destination": .string(destination),
            "type": .string(type),
            "source": .string(source),
            "options": JSONValue(options),
        ]
    }
}

extension RuntimeSpecification.Device {
    /// The object; devices are for their owner alone.
    var json: JSONValue {
        [
            "path": .string(path),
            "type": .string(type),
            "major": .integer(major),
            "minor": .integer(minor),
            "fileMode": 0o600,
            "uid": 0,
            "gid": 0,
        ]
    }
}
