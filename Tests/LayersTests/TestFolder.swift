// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
import SystemPackage
import Testing

/// A folder of one test, removed with all that is in it when the test is over.
final class TestFolder {
    let path: FilePath

    init() throws {
        var template = Array("/tmp/reel-test-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SystemCallError("mkdtemp", "/tmp") }
        path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    deinit { _ = try? Shell.run("rm -rf '\(path)'") }

    subscript(_ name: String) -> FilePath { path.appending(name) }

    /// A data root in the folder.
    func store(_ name: String = "root") throws -> LayerStore { try LayerStore(root: path.appending(name)) }

    /// Writes a file; returns its path.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> FilePath {
        let file = try FileDescriptor.open(
            self[name],
            .writeOnly,
            options: [.create, .truncate],
            permissions: FilePermissions(rawValue: 0o644)
        )
        defer { try? file.close() }
        try file.writeAll(bytes)
        return self[name]
    }

    /// Imports a tar from memory.
    func importing(
        _ bytes: [UInt8],
        into store: LayerStore,
        limits: ImportLimits = .default,
        expecting: ContentDigest? = nil
    ) throws -> CommittedLayer {
        let file = try FileDescriptor.open(try write("import", bytes), .readOnly)
        defer { try? file.close() }
        return try store.importLayer(from: file, expecting: expecting, limits: limits)
    }
}

/// Runs programs.
enum Shell {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a script with `sh -e`; returns what it printed, errors included.
    @discardableResult
    static func run(_ script: String) throws -> String {
        let quoted = script.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
        guard let pipe = unsafe popen("sh -ec '\(quoted)' 2>&1", "re") else { throw Failure(description: "popen") }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe fread(&buffer, 1, buffer.count, pipe)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        let status = unsafe pclose(pipe)
        let text = String(decoding: bytes, as: UTF8.self)
        guard status == 0 else { throw Failure(description: "status \(status): \(script)\n\(text.suffix(2000))") }
        return text
    }
}

extension LayerWriter {
    func directory(_ path: String, mode: UInt16 = 0o755) throws {
        try directory(Array(path.utf8), FileAttributes(kind: .directory, mode: mode))
    }

    func file(_ path: String, _ text: String, mode: UInt16 = 0o644) throws {
        try file(
            Array(path.utf8),
            FileAttributes(kind: .regular, mode: mode),
            size: Int64(text.utf8.count),
            content: .bytes(Array(text.utf8))
        )
    }

    func symbolicLink(_ path: String, _ target: String) throws {
        try symbolicLink(Array(path.utf8), FileAttributes(kind: .symbolicLink, mode: 0o777), target: Array(target.utf8))
    }
}

extension LayerStore {
    /// Writes a layer in one go.
    func layer(_ body: (LayerWriter) throws -> Void) throws -> ContentDigest {
        let writer = try writer(timestamps: .keep)
        try body(writer)
        return try writer.finish().diffID
    }
}
