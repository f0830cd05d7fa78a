// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import OCIModel
import RegistryClient
import Subprocess
import Synchronization
import SystemPackage
import Testing

/// A folder that is removed when the test lets go of it.
final class RegistryFolder: Sendable {
    let path: FilePath

    init() throws {
        var template = Array("/tmp/reel-test-XXXXXX".utf8CString)
        try #require(unsafe mkdtemp(&template) != nil)
        path = FilePath(String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    deinit { _ = unsafe system("rm -rf '\(path)'") }

    func callAsFunction(_ name: String) -> FilePath { path.pushing(FilePath(name)) }

    func text(_ name: String) -> String { self(name).string }

    func write(_ bytes: [UInt8], _ name: String) throws {
        let file = try FileDescriptor.open(
            self(name),
            .writeOnly,
            options: [.create, .truncate],
            permissions: [.ownerReadWriteExecute, .groupReadExecute]
        )
        try file.closeAfter { _ = try file.writeAll(bytes) }
    }

    func size(_ name: String) -> Int64? {
        var status = stat()
        return unsafe stat(text(name), &status) == 0 ? Int64(status.st_size) : nil
    }

    /// Runs a shell script in the folder, which must succeed, and returns what it printed.
    @discardableResult
    func shell(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let result = try await Subprocess.run(
            .name("sh"),
            arguments: ["-euc", script],
            workingDirectory: path,
            output: .string(limit: 16 << 20),
            error: .string(limit: 1 << 20)
        )
        try #require(
            result.terminationStatus.isSuccess,
            "\(script): \(result.standardError)",
            sourceLocation: sourceLocation
        )
        return result.standardOutput
    }

    /// Makes `layout` with the image `a`: two layers, the lower of about 8 MB that do not compress.
    func makeLayout() async throws {
        try await shell(
            """
            umoci init --layout layout; umoci new --image layout:a
            umoci unpack --rootless --image layout:a bundle
            head -c 8000000 /dev/urandom > bundle/rootfs/noise
            umoci repack --refresh-bundle --image layout:a bundle >/dev/null 2>&1
            echo two > bundle/rootfs/two
            umoci repack --refresh-bundle --image layout:a bundle >/dev/null 2>&1
            umoci config --image layout:a --config.cmd /bin/a
            """
        )
    }
}

/// Servers on the loopback.
enum Servers {
    /// Runs `arguments` while `body` works, once something answers at `port`; then ends it.
    static func run(
        _ arguments: [String],
        port: Int,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let result = try await Subprocess.run(
            .name(arguments[0]),
            arguments: Arguments(Array(arguments.dropFirst())),
            input: .none,
            output: .discarded,
            error: .discarded
        ) { execution in
            let result: Result<Void, any Error>
            do {
                try await wait(for: port)
                result = .success(try await body())
            } catch { result = .failure(error) }
            await execution.teardown(using: [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))])
            return result
        }
        try result.closureResult.get()
    }

    /// A port at which nothing listens now.
    static func freePort() throws -> Int {
        let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(raw) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(raw, $0, length) == 0 && getsockname(raw, $0, &length) == 0
            }
        }
        try #require(bound)
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func wait(for port: Int) async throws {
        for _ in 0..<200 {
            let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(raw) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            address.sin_port = UInt16(port).bigEndian
            let connected = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if connected { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("nothing listens at port \(port)")
        throw CancellationError()
    }

    /// Runs Debian's `docker-registry` with its files in `folder`; `extra` is added to its configuration.
    static func registry(
        _ folder: RegistryFolder,
        extra: String = "",
        _ body: @escaping @Sendable (_ host: String) async throws -> Void
    ) async throws {
        let port = try freePort()
        let configuration = """
            version: 0.1
            log: {level: error}
            storage: {filesystem: {rootdirectory: \(folder.text("registry"))}, delete: {enabled: true}}
            http: {addr: "127.0.0.1:\(port)"}
            \(extra)
            """
        try folder.write(Array(configuration.utf8), "registry.yml")
        try await run(["docker-registry", "serve", folder.text("registry.yml")], port: port) {
            try await body("127.0.0.1:\(port)")
        }
    }
}

/// Bytes that arrived, in order.
final class Collector: Sendable {
    private let all = Mutex<[UInt8]>([])
    var bytes: [UInt8] { all.withLock { $0 } }
    func append(_ more: [UInt8]) { all.withLock { $0 += more } }
}

extension RegistryClient {
    /// A client that does not wait long.
    static func forTests<Value: Sendable>(
        hosts: [String: RegistryConfiguration.Host] = [:],
        credentials: any CredentialSource = NoCredentials(),
        _ body: (RegistryClient) async throws -> Value
    ) async throws -> Value {
        let configuration = RegistryConfiguration(
            hosts: hosts,
            firstPause: .milliseconds(20),
            longestPause: .seconds(5)
        )
        return try await with(configuration: configuration, credentials: credentials, body)
    }
}
