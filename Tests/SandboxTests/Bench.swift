// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CTestNamespace
import Glibc
import Layers
import OCIModel
import Sandbox
import Synchronization
import SystemPackage
import Testing

/// A data root of its own with both drivers, a runtime and a layer of busybox; removed when it goes away.
final class Bench: Sendable {
    /// The drivers that this user can have.
    static let driverNames = (isRoot ? ["erofs"] : []) + ["directory"] + (hasFuse ? ["fuse-overlayfs"] : [])
    /// Whether the tests are run by root, and not by an ordinary user who is root in a namespace only.
    static let isRoot = (try? NamespaceEntry.enter())?.identity == .root
    private static let hasFuse = unsafe access("/dev/fuse", R_OK | W_OK) == 0
    static let searchPath = "/usr/local/bin:/usr/bin:/bin"

    let root: FilePath
    let store: LayerStore
    let namespaces: NamespaceEntry
    let runtime: ContainerRuntime
    let base: Snapshot
    private let drivers: [String: any SnapshotDriver]

    init(program: RuntimeProgram? = nil) throws {
        guard reel_test_has_namespaces() == 1 else { throw SandboxError.namespaces(reason: "tests need them") }
        namespaces = try NamespaceEntry.enter()
        root = try Self.newFolder()
        store = try LayerStore(root: root)
        var drivers: [String: any SnapshotDriver] = [:]
        for name in Self.driverNames {
            let environment = MountEnvironment(
                folder: root.appending("tmp").appending(name),
                isRootless: namespaces.isRootless,
                hasSingleID: namespaces.identity == .singleID
            )
            if name == "erofs", DriverChoice.erofsRefusal(in: root) != nil { continue }
            drivers[name] = try DriverChoice.choose(
                for: store,
                in: environment,
                preferred: name,
                searchPath: Self.searchPath
            ).driver
        }
        self.drivers = drivers
        runtime = try ContainerRuntime(
            program: program ?? RuntimeProgram.find(searchPath: "/usr/bin:/bin"),
            folder: root.appending("tmp").appending("containers"),
            cache: root.appending("cache"),
            namespaces: namespaces,
            clock: SystemWallClock()
        )
        base = Snapshot(layers: [try Self.busybox(in: store)])
    }

    deinit {
        for driver in drivers.values { driver.close() }
        runtime.close()
        try? TreeRemoval.remove(root)
    }

    /// A driver, if the machine can have it.
    func driver(_ name: String) throws -> any SnapshotDriver {
        try #require(drivers[name], "no driver \(name) on this machine")
    }

    /// Any driver.
    var driver: any SnapshotDriver { get throws { try #require(drivers["erofs"] ?? drivers["directory"]) } }

    static func newFolder() throws -> FilePath {
        var template = Array("/tmp/reel-test-sandbox-XXXXXX".utf8CString)
        let path = unsafe template.withUnsafeMutableBufferPointer { buffer -> String in
            guard let base = buffer.baseAddress, unsafe mkdtemp(base) != nil else { return "" }
            return unsafe String(cString: base)
        }
        try #require(!path.isEmpty)
        return FilePath(path)
    }

    // MARK: Layers

    /// Writes a layer.
    func layer(_ write: (LayerWriter) throws -> Void) throws -> ContentDigest {
        let writer = try store.writer(timestamps: .default)
        try write(writer)
        return try writer.finish().diffID
    }

    private static func busybox(in store: LayerStore) throws -> ContentDigest {
        let writer = try store.writer(timestamps: .default)
        let file = try FileDescriptor.open(FilePath("/bin/busybox"), .readOnly)
        defer { try? file.close() }
        let size = try file.seek(offset: 0, from: .end)
        try writer.directory(Array("bin".utf8), FileAttributes(kind: .directory, mode: 0o755))
        let program = FileAttributes(kind: .regular, mode: 0o755)
        try writer.file(Array("bin/busybox".utf8), program, size: size, content: .descriptor(file))
        for name in commands {
            let link = FileAttributes(kind: .symbolicLink, mode: 0o777)
            try writer.symbolicLink(Array("bin/\(name)".utf8), link, target: Array("busybox".utf8))
        }
        try writer.directory(Array("etc".utf8), FileAttributes(kind: .directory, mode: 0o755))
        try writer.text("etc/group", "root:x:0:\nstaff:x:50:bob,ann\nusers:x:100:bob\n")
        try writer.text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\n")
        try writer.directory(Array("tmp".utf8), FileAttributes(kind: .directory, mode: 0o1777))
        return try writer.finish().diffID
    }

    private static let commands = [
        "cat", "chmod", "chown", "cp", "cut", "dd", "df", "echo", "env", "false", "find", "grep", "head", "hostname",
        "id", "ifconfig", "kill", "ln", "ls", "md5sum", "mkdir", "mkfifo", "mknod", "mv", "ping", "ps", "pwd",
        "readlink", "rm", "rmdir", "sed", "seq", "sh", "sleep", "sort", "stat", "tail", "test", "touch", "tr", "true",
        "umask", "unshare", "wc", "wget", "yes",
    ]

    // MARK: Running

    /// What a step printed and how it ended.
    struct Ran {
        var exit: ContainerExit
        var output: String
        var errors: String
    }

    /// Runs a shell command in a root.
    func run(
        _ command: String,
        in mounted: MountedRoot,
        _ change: (inout ContainerStep) -> Void = { _ in }
    ) async throws -> Ran {
        var step = ContainerStep(root: mounted, args: ["/bin/sh", "-c", command], env: ["PATH=/bin"])
        step.network = .none
        change(&step)
        let collected = Mutex<[OutputStream: [UInt8]]>([:])
        let exit = try await runtime.run(step) { chunk in
            collected.withLock { $0[chunk.stream, default: []] += chunk.bytes }
        }
        let texts = collected.withLock { $0.mapValues { String(decoding: $0, as: UTF8.self) } }
        return Ran(exit: exit, output: texts[.standardOutput] ?? "", errors: texts[.standardError] ?? "")
    }

    /// Runs a shell command in a fresh root over `snapshot`, and commits what it changed.
    func layer(
        of command: String,
        on snapshot: Snapshot,
        driver name: String,
        timestamps: TimestampPolicy = .default,
        _ change: (inout ContainerStep) -> Void = { _ in }
    ) async throws -> CommittedLayer {
        let mounted = try driver(name).mount(snapshot, writable: true, forContainer: true)
        let ran = try await run(command, in: mounted, change)
        #expect(ran.exit.isSuccess, "\(command): \(ran.exit) \(ran.errors)")
        let layer = try mounted.commit(timestamps: timestamps)
        try mounted.unmount()
        return layer
    }

    /// The entries of one layer, one line each: kind, mode, owner, path, size or target.
    func listing(_ diffID: ContentDigest) throws -> [String] {
        let view = try store.bareView(diffID)
        var lines: [String] = []
        try view.walk(from: view.root) { entry in
            if entry.path.isEmpty { return .descend }
            let path = String(decoding: entry.path, as: UTF8.self)
            let mode = String(entry.attributes.mode, radix: 8)
            var line = "\(entry.kind) \(mode) \(entry.attributes.uid):\(entry.attributes.gid) \(path)"
            if entry.kind == .whiteout { line = "whiteout \(path)" }
            if entry.kind == .regular { line += " \(entry.size)" }
            if entry.kind == .symbolicLink { line += " -> \(String(decoding: entry.linkTarget, as: UTF8.self))" }
            if entry.isOpaque { line += " opaque" }
            lines.append(line)
            return .descend
        }
        return lines
    }
}

extension LayerWriter {
    /// Adds a file of text, mode 0644.
    func text(_ path: String, _ text: String, mode: UInt16 = 0o644) throws {
        let bytes = Array(text.utf8)
        let attributes = FileAttributes(kind: .regular, mode: mode)
        try file(Array(path.utf8), attributes, size: Int64(bytes.count), content: .bytes(bytes))
    }
}
