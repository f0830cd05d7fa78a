// SPDX-License-Identifier: Apache-2.0

/// The one command that gives an ordinary user what steps miss.
struct RootlessRemedy {
    /// The user's name, or number where there is none.
    let user: String
    /// Whether newuidmap and newgidmap are in the search path.
    let hasMappers: Bool
    /// The text of a small file of this machine; `nil` where it can't be read.
    let read: (String) -> String?

    /// What makes more ids than one.
    func command(for cause: NamespaceEntry.SingleIDCause) -> String {
        let install = "sudo apt install uidmap"
        switch cause {
        case .noUserRange, .noGroupRange:
            let first = firstFreeID
            let range = "\(first)-\(first + Self.count - 1)"
            return (hasMappers ? "" : install + " && ")
                + "sudo usermod --add-subuids \(range) --add-subgids \(range) \(user)"
        case .noProgram: return install
        case .refused: return "sudo apt install --reinstall uidmap"
        case .outer: return "run reel outside of this container, or give its user namespace more ids"
        }
    }

    /// What makes user namespaces possible.
    var namespaceCommand: String {
        let settings = [
            ("kernel.unprivileged_userns_clone", "0", "1"), ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
            ("user.max_user_namespaces", "0", "15000"), ("user.max_mnt_namespaces", "0", "15000"),
        ]
        for (name, bad, good) in settings {
            let value = read("/proc/sys/" + name.replacing(".", with: "/"))
            if value?.filter({ !$0.isWhitespace }) == bad { return "sudo sysctl -w \(name)=\(good)" }
        }
        return "run reel as root"
    }

    /// How many ids a range has, as `useradd` gives them.
    private static let count = 65536

    /// The first id above all ranges that are given away, at least 100000.
    private var firstFreeID: Int {
        var first = 100_000
        for file in ["/etc/subuid", "/etc/subgid"] {
            for line in (read(file) ?? "").split(separator: "\n") {
                let fields = line.split(separator: ":", omittingEmptySubsequences: false)
                guard fields.count == 3, let start = Int(fields[1]), let count = Int(fields[2]) else { continue }
                first = max(first, start + count)
            }
        }
        return first
    }
}
