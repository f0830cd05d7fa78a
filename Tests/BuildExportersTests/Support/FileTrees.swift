// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage
import Testing

/// Compares file trees with tools that are not ours.
enum FileTrees {
    /// One line for each entry below `path`: kind, mode, owner, size, time, links, target and contents' digest.
    static func listing(_ path: FilePath, owners: Bool = true, times: Bool = true, attributes: Bool = true) async throws
        -> [String]
    {
        let format = "%P\\t%y\\t%m\\t" + (owners ? "%U:%G\\t" : "") + (times ? "%T@\\t" : "") + "%l\\t%n\\n"
        let listing = try await Program.require(
            "find",
            path.string,
            "-mindepth",
            "1",
            "!",
            "-type",
            "d",
            "-printf",
            format
        )
        let folders = try await Program.require(
            "find",
            path.string,
            "-mindepth",
            "1",
            "-type",
            "d",
            "-printf",
            "%P\\t%y\\t%m\\t" + (times ? "%T@\\n" : "\\n")
        )
        let sums = try await Program.require(
            "sh",
            "-c",
            "cd '\(path.string)' && find . -type f -exec sha256sum {} + | sort -k2"
        )
        let pattern = attributes ? "user|security.capability" : "security.capability"
        let extended = try await Program.require(
            "sh",
            "-c",
            "cd '\(path.string)' && getfattr -R -h -d -m '\(pattern)' . 2>/dev/null | sort"
        )
        return (listing + folders + sums + extended).split(separator: "\n").map(String.init).sorted()
    }

    /// Records an issue for each difference.
    static func requireEqual(
        _ left: FilePath,
        _ right: FilePath,
        owners: Bool = true,
        times: Bool = true,
        attributes: Bool = true,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let (one, other) = (
            try await listing(left, owners: owners, times: times, attributes: attributes),
            try await listing(right, owners: owners, times: times, attributes: attributes)
        )
        #expect(!one.isEmpty, sourceLocation: sourceLocation)
        let difference = Set(one).symmetricDifference(other).sorted()
        #expect(difference.isEmpty, "\(difference.prefix(10))", sourceLocation: sourceLocation)
    }
}

extension TestFolder {
    /// Whether there is something of that name.
    func contains(_ name: String) -> Bool {
        var status = stat()
        return unsafe lstat(text(name), &status) == 0
    }

    /// The contents of a file.
    func read(_ name: String) throws -> [UInt8] {
        let file = try FileDescriptor.open(self(name), .readOnly)
        return try file.closeAfter {
            var all: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let got = try unsafe buffer.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
                if got == 0 { return all }
                all += buffer[..<got]
            }
        }
    }

    /// The SHA-256 of a file.
    func digest(_ name: String) throws -> ContentDigest { ContentDigest(of: try read(name)) }

    /// Everything below a folder, as `find` lists it, sorted.
    func names(_ name: String) throws -> [String] {
        try DirectoryNames.list(self(name))
    }
}

/// The names in a directory, sorted.
enum DirectoryNames {
    static func list(_ path: FilePath) throws -> [String] {
        guard let stream = unsafe opendir(path.string) else { throw SystemCallError("opendir", path.string) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

/// Another umask, until it is restored.
struct UmaskChange {
    private let old: mode_t
    init(_ new: mode_t) { old = umask(new) }
    func restore() { _ = umask(old) }
}
