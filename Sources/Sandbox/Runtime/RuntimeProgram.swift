// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
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

    /// The first of crun and runc in the folders of `searchPath`, which is `PATH` (colons between), and in the folders
    /// for administrators, where runc lies on Debian.
    ///
    /// - Parameter preferred: `crun` or `runc` to have that one; `nil` or empty to choose.
    /// - Throws: `SandboxError.noRuntime`, or `.unsupported` for a preferred one that is not there.
    public static func find(searchPath: String, preferred: String? = nil) throws(SandboxError) -> RuntimeProgram {
        if let preferred, !preferred.isEmpty {
            guard let kind = Kind(rawValue: preferred) else {
                throw .unsupported(what: "the runtime '\(preferred)'", reason: "there are crun and runc")
            }
            if let found = find([kind], searchPath: searchPath) { return found }
            throw .unsupported(what: "the runtime '\(preferred)'", reason: "it is not installed")
        }
        if let found = find(Kind.allCases, searchPath: searchPath) { return found }
        throw .noRuntime
    }

    private static func find(_ kinds: [Kind], searchPath: String) -> RuntimeProgram? {
        let folders = searchPath.split(separator: ":").filter { $0.hasPrefix("/") }.map(String.init)
        for kind in kinds {
            for folder in folders + ["/usr/local/sbin", "/usr/sbin", "/sbin"] {
                let path = FilePath(folder).appending(kind.rawValue)
                if unsafe access(path.string, X_OK) == 0 { return RuntimeProgram(kind: kind, path: path) }
            }
        }
        return nil
    }

    /// What it says of its version, such as `crun version 1.8.1`; `nil` when it can't be run.
    public func version() -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe buffer.withUnsafeMutableBufferPointer {
            unsafe reel_ask_program(path.string, "--version", $0.baseAddress, $0.count)
        }
        guard count > 0 else { return nil }
        let text = String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).first.map(String.init)
    }

    /// The arguments, program name first, that run the container `id` detached.
    func arguments(state: FilePath, log: FilePath, pidFile: FilePath, bundle: FilePath, id: String) -> [String] {
        var arguments = [kind.rawValue]
        if kind == .crun { arguments.append("--cgroup-manager=disabled") }
        return arguments + [
            "--root", state.string, "--log", log.string, "--log-format", "json", "run", "--detach", "--pid-file",
            pidFile.string, "--bundle", bundle.string, id,
        ]
    }
}
