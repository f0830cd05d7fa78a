// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import DockerfileFrontend
import LLB

/// Where a build's graph and its main directory come from: the reading of PATH, `-f` and `--llb` together.
struct BuildInput {
    /// The frontend with what it reads.
    var frontend: BuildRequest.Frontend
    /// The main context; `nil` where there is none.
    var directory: String?
    /// The main context where it is a git repository; `nil` otherwise.
    var repository: String?

    /// Decides what is built.
    ///
    /// - Throws: `UsageError` for combinations that mean nothing, `SystemCallError` for files that can't be read.
    init(path: String?, file: String?, llb: String?, console: Console) throws {
        if let llb {
            guard path == nil, file == nil else {
                throw UsageError(
                    "--llb \(llb): a graph has its own sources; give directories with --local, not as PATH or -f"
                )
            }
            self.init(frontend: .llb(try Self.graph(llb, console: console)))
            return
        }
        guard let path else {
            guard file == nil, !console.readsTerminal else {
                throw UsageError("no directory is named; write '.' for this one")
            }
            self.init(frontend: .llb(try Self.graph("-", console: console)))
            return
        }
        if path == "-" {
            guard file != "-" else {
                throw UsageError("PATH and -f are both '-'; standard input is either the context or the Dockerfile")
            }
            self.init(
                frontend: .dockerfile(name: file ?? "Dockerfile", bytes: nil),
                directory: try console.spoolInput()
            )
            return
        }
        switch ContextSource(parsing: path, name: "context") {
        case .local: break
        case .git:
            let bytes = file == "-" ? try Self.dockerfile(from: console) : nil
            let name = file.map { $0 == "-" ? "Dockerfile" : String($0.drop { $0 == "/" }) } ?? "Dockerfile"
            self.init(frontend: .dockerfile(name: name, bytes: bytes))
            repository = path
            return
        default:
            throw UsageError("\(path): a context is a directory or a git repository")
        }
        let directory = console.environment.absolute(path)
        if file == "-" {
            let bytes = try Self.dockerfile(from: console)
            self.init(frontend: .dockerfile(name: "Dockerfile", bytes: bytes), directory: directory)
        } else {
            let name = file.map { Self.name($0, in: directory, console: console) } ?? "Dockerfile"
            self.init(frontend: .dockerfile(name: name, bytes: nil), directory: directory)
        }
    }

    private init(frontend: BuildRequest.Frontend, directory: String? = nil) {
        self.frontend = frontend
        self.directory = directory
    }

    /// The name of a Dockerfile: within the context where it lies there, else absolute.
    private static func name(_ file: String, in directory: String, console: Console) -> String {
        let path = normal(console.environment.absolute(file))
        let folder = normal(directory)
        let prefix = folder == "/" ? "/" : folder + "/"
        return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
    }

    /// An absolute path without `.`, `..` and doubled slashes, which is how docker reads it too.
    private static func normal(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    private static func graph(_ path: String, console: Console) throws -> [UInt8] {
        let limit = Definition.maximumEncodedSize
        guard path == "-" else { return try InputFile.read(console.environment.absolute(path), limit: limit) }
        let bytes = try console.readInput(limit)
        guard !bytes.isEmpty else {
            throw UsageError("no directory is named and nothing comes on standard input; write '.' for this directory")
        }
        return bytes
    }

    private static func dockerfile(from console: Console) throws -> [UInt8] {
        let bytes = try console.readInput(16 << 20)
        guard !bytes.isEmpty else { throw UsageError("standard input has no Dockerfile") }
        return bytes
    }
}
