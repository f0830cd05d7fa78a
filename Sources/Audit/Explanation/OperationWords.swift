// SPDX-License-Identifier: Apache-2.0

/// Names for people of the members of an operation.
enum OperationWords {
    /// The last members that have a word of their own.
    private static let words: [String: String] = [
        "args": "the command", "cwd": "the working directory", "user": "the user", "network": "the network mode",
        "security": "the security mode", "hostname": "the host name", "extraHosts": "the lines for /etc/hosts",
        "ulimit": "the limits", "secretenv": "the secrets in the environment", "src": "the source",
        "dest": "the destination",
        "owner": "the owner", "modeStr": "the mode", "mode": "the mode", "data": "the contents",
        "from": "where it copies from",
        "include_patterns": "the patterns of what is copied", "exclude_patterns": "the patterns of what is not copied",
        "cdiDevices": "the devices", "identifier": "the source", "base": "what it is built on",
    ]

    /// Words for a path such as `exec.meta.args[2]`, with the path where the words are not exact.
    static func name(of path: String) -> String {
        let members = path.split(separator: ".").map { member in
            member.prefix { $0 != "[" }
        }
        for member in members.reversed() {
            if let word = words[String(member)] { return word }
        }
        return path
    }

    /// The values of an enumeration of the graph as the command line spells them.
    static func value(_ text: String?, at path: String) -> String? {
        let names: [String: String] =
            if path.hasSuffix("exec.network") {
                ["0": "default", "1": "host", "2": "none"]
            } else if path.hasSuffix("exec.security") {
                ["0": "sandbox", "1": "insecure"]
            } else {
                [:]
            }
        // A file's bytes in base64 tell a person nothing.
        if path.hasSuffix(".data") { return nil }
        // A number that is 0 is left out of the readable form.
        return text.map { names[$0] ?? $0 } ?? names["0"]
    }
}
