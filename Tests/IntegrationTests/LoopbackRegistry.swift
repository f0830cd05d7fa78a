// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage
import Testing

/// Debian's `docker-registry` on the loopback, with its files and its access log in a workspace.
struct LoopbackRegistry: Sendable {
    /// Such as `127.0.0.1:40001`.
    let host: String
    private let log: String

    /// Runs a registry while `body` works with it; then ends it.
    static func run(
        in workspace: Workspace,
        named name: String = "registry",
        extra: String = "",
        _ body: @escaping @Sendable (LoopbackRegistry) async throws -> Void
    ) async throws {
        let port = try freePort()
        let folder = "\(workspace.folder)/\(name)"
        try await workspace.write(
            """
            version: 0.1
            log: {level: error, accesslog: {disabled: false}}
            storage: {filesystem: {rootdirectory: \(folder)/files}, delete: {enabled: true}}
            http: {addr: "127.0.0.1:\(port)"}
            \(extra)
            """,
            to: "\(name)/registry.yml"
        )
        let registry = LoopbackRegistry(host: "127.0.0.1:\(port)", log: "\(folder)/access.log")
        let program = "exec docker-registry serve \(folder)/registry.yml >\(folder)/access.log 2>&1"
        try await Daemon.run(["sh", "-c", program]) {
            try await Daemon.wait { connects(to: port) }
            try await body(registry)
        }
    }

    /// Every request so far, such as `HEAD /v2/a/manifests/1`, without those of uploads.
    func requests() throws -> [String] {
        let file = try FileDescriptor.open(FilePath(log), .readOnly)
        let bytes = try file.closeAfter {
            var all = [UInt8](repeating: 0, count: 16 << 20)
            let count = try unsafe all.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
            return all.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\"")
            guard parts.count > 1, let verb = parts[1].split(separator: " ").first,
                ["GET", "HEAD", "POST", "PUT", "PATCH"].contains(verb)
            else { return nil }
            return parts[1].split(separator: " ").prefix(2).joined(separator: " ")
        }
    }

    /// A port at which nothing listens now.
    static func freePort() throws -> Int {
        let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(raw) }
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(raw, $0, length) == 0 && getsockname(raw, $0, &length) == 0
            }
        }
        try #require(bound)
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func connects(to port: Int) -> Bool {
        let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(raw) }
        var address = loopback(port: port)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        return address
    }
}
