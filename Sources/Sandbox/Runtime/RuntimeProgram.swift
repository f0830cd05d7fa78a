// SPDX-License-Identifier: Apache-2.0

public import SystemPackage

/// The program that makes containers, and which of the two it is.
public struct RuntimeProgram: Hashable, Sendable {
    /// The programs that are known.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The small one in C; preferred, since it starts faster.
        case crun
        /// The reference one in Go.
        case runc
    }

    /// Which one.
    public let kind: Kind
    /// Where it is.
    public let path: FilePath

    /// Makes one of its parts.
    public init(kind: Kind, path: FilePath) {
        self.kind = kind
        self.path = path
    }

    /// The first of crun and runc in the folders of `searchPath`, which is `PATH` (colons between).
    ///
    /// - Throws: `SandboxError.noRuntime`.
    public static func find(searchPath: String) throws(SandboxError) -> RuntimeProgram { throw .noRuntime }

    /// What it says of its version, e.g. `crun version 1.8.1`; `nil` when it can't be run.
    public func version() -> String? { nil }
}
