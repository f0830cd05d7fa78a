// SPDX-License-Identifier: Apache-2.0

public import SystemPackage

/// What this machine offers for running steps, what is used of it and why: facts for `reel doctor`.
public struct SandboxProbe: Hashable, Sendable {
    /// One fact.
    public struct Fact: Hashable, Sendable {
        /// A word for programs, e.g. `runtime`, `erofs`, `overlay`, `newuidmap`.
        public let name: String
        /// Whether it is as it should be.
        public let isGood: Bool
        /// What is so, e.g. `crun version 1.8.1 at /usr/bin/crun`.
        public let finding: String
        /// The one command, or sentence, that mends it; `nil` where nothing must be.
        public let remedy: String?
    }

    /// The facts, in a fixed order.
    public let facts: [Fact]
    /// The driver for snapshots: `erofs` or `directory`.
    public let driver: String
    /// Why that one, as a clause.
    public let driverReason: String

    /// Looks at the machine. Whatever it tries, it undoes.
    ///
    /// - Parameters:
    ///   - namespaces: What `NamespaceEntry.enter()` gave; `nil` when it failed.
    ///   - folder: A writable folder on the file system of the data root.
    ///   - searchPath: `PATH`.
    public static func look(namespaces: NamespaceEntry?, folder: FilePath, searchPath: String) -> SandboxProbe {
        SandboxProbe(facts: [], driver: "directory", driverReason: "unfinished")
    }
}
