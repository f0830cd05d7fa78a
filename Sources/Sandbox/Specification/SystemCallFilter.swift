// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// The default filter of system calls for a set of capabilities on a kind of machine.
///
/// Source: OCI runtime specification, "config-linux.md", section "Seccomp".
struct SystemCallFilter {
    /// What the process may do.
    let capabilities: [String]
    /// The processor, as `uname` says.
    let machine: String

    /// The `linux.seccomp` object.
    ///
    /// A call that no rule allows fails with EPERM.
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "defaultAction": "SCMP_ACT_ERRNO",
            "defaultErrnoRet": 1,
            "syscalls": .array(rules),
        ]
        // A processor without an entry is filtered by the kernel's native one alone.
        if let names = SystemCallTable.architectures[machine] { members["architectures"] = JSONValue(names) }
        return .object(members)
    }

    private var rules: [JSONValue] {
        var rules = [allow(SystemCallTable.always + SystemCallTable.sinceTracingIsSafe)]
        for (machines, calls) in SystemCallTable.byMachine where machines.contains(machine) {
            rules.append(allow(calls))
        }
        for (capability, calls) in SystemCallTable.byCapability where capabilities.contains(capability) {
            rules.append(allow(calls))
        }
        for value in SystemCallTable.personalities { rules.append(allow("personality", 0, "EQ", value)) }
        // Sockets of every family but AF_ALG (38) and AF_VSOCK (40).
        rules.append(allow("socket", 0, "LT", 38))
        rules.append(allow("socket", 0, "EQ", 39))
        rules.append(allow("socket", 0, "GT", 40))
        if !capabilities.contains("CAP_SYS_ADMIN") {
            let flags: Int64 = machine.hasPrefix("s390") ? 1 : 0
            rules.append(allow("clone", flags, "MASKED_EQ", SystemCallTable.namespaceFlags))
            // The flags of clone3 lie in memory, where a filter can't look; ENOSYS makes C libraries use clone.
            rules.append(["names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38])
        }
        return rules
    }

    private func allow(_ calls: [String]) -> JSONValue { ["names": JSONValue(calls), "action": "SCMP_ACT_ALLOW"] }

    private func allow(_ call: String, _ index: Int64, _ comparison: String, _ value: UInt64) -> JSONValue {
        [
            "names": [.string(call)],
            "action": "SCMP_ACT_ALLOW",
            "args": [
                [
                    "index": .integer(index),
                    "value": .integer(Int64(value)),
                    "op": .string("SCMP_CMP_" + comparison),
                ]
            ],
        ]
    }
}
