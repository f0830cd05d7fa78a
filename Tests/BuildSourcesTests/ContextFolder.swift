// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
import SystemPackage

@testable import BuildSources

/// A folder for one test, removed with all that is in it when it is let go.
final class ContextFolder {
    let path: FilePath
    /// Where the contexts of the test are.
    var tree: FilePath { path.appending("tree") }
    var data: FilePath { path.appending("data") }
    var stat: FilePath { path.appending("stat") }

    /// Makes the folder; in memory where making very many files on a disk would take minutes.
    init(inMemory: Bool = false) throws {
        let isWritable = unsafe access("/dev/shm", W_OK) == 0
        let place = inMemory && isWritable ? "/dev/shm" : "/tmp"
        var template = Array("\(place)/reel-test-context-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SystemCallError("mkdtemp", place) }
        path = FilePath(String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
        try directory("")
        unsafe data.withPlatformString { _ = unsafe mkdir($0, 0o755) }
    }

    deinit { _ = try? shell("chmod -R u+rwX '\(path)'; rm -rf '\(path)'") }

    /// `name` in the tree; names need not be UTF-8.
    private func place(_ name: [UInt8]) -> [CChar] {
        (Array(tree.string.utf8) + (name.isEmpty ? [] : [0x2F] + name) + [0]).map(CChar.init(bitPattern:))
    }

    func directory(_ name: String, mode: UInt32 = 0o755) throws { try directory(Array(name.utf8), mode: mode) }

    func directory(_ name: [UInt8], mode: UInt32 = 0o755) throws {
        guard unsafe mkdir(place(name), mode) == 0, unsafe chmod(place(name), mode) == 0 else {
            throw SystemCallError("mkdir", ContextPath.text(name))
        }
    }

    func file(_ name: String, _ text: String = "", mode: UInt32 = 0o644) throws {
        try file(Array(name.utf8), Array(text.utf8), mode: mode)
    }

    func file(_ name: [UInt8], _ bytes: [UInt8], mode: UInt32 = 0o644) throws {
        let descriptor = unsafe reel_openat(AT_FDCWD, place(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0 else { throw SystemCallError("open", ContextPath.text(name)) }
        defer { close(descriptor) }
        _ = try FileDescriptor(rawValue: descriptor).writeAll(bytes)
        guard fchmod(descriptor, mode) == 0 else { throw SystemCallError("fchmod", ContextPath.text(name)) }
    }

    /// A file that is one hole.
    func sparse(_ name: String, size: Int64) throws {
        try file(name)
        guard unsafe truncate(place(Array(name.utf8)), off_t(size)) == 0 else {
            throw SystemCallError("truncate", name)
        }
    }

    func link(_ name: String, to target: String) throws { try link(Array(name.utf8), to: Array(target.utf8)) }

    func link(_ name: [UInt8], to target: [UInt8]) throws {
        guard unsafe symlink((target + [0]).map(CChar.init(bitPattern:)), place(name)) == 0 else {
            throw SystemCallError("symlink", ContextPath.text(name))
        }
    }

    func hardLink(_ name: [UInt8], to target: [UInt8]) throws {
        guard unsafe Glibc.link(place(target), place(name)) == 0 else {
            throw SystemCallError("link", ContextPath.text(name))
        }
    }

    /// Sets the modification time; by default to long ago, so that the stat cache trusts it after the next change tick.
    func age(_ name: String, seconds: Int = 1_000_000_000) throws {
        var times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        guard unsafe utimensat(AT_FDCWD, place(Array(name.utf8)), &times, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw SystemCallError("utimensat", name)
        }
    }

    /// A reader with a store and a stat cache below this folder.
    func reader() throws -> LocalContextReader {
        LocalContextReader(layers: try LayerStore(root: data), statDirectory: stat)
    }

    /// A reader that computes digests only.
    var plainReader: LocalContextReader { LocalContextReader(layers: nil, statDirectory: nil) }
}

/// Runs a shell command and returns what it prints; fails unless it exits with 0.
@discardableResult
func shell(_ command: String, environment: [String: String] = [:]) throws -> [UInt8] {
    let variables = environment.sorted { $0.key < $1.key }.map { name, value in
        "export \(name)='\(value.replacing("'", with: "'\\''"))'\n"
    }
    guard
        let stream = unsafe popen(
            "set -eu\nexport LC_ALL=C HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1\n" + variables.joined() + command,
            "r"
        )
    else {
        throw SystemCallError("popen", command)
    }
    var out: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe fread(&buffer, 1, buffer.count, stream)
        if count == 0 { break }
        out += buffer.prefix(count)
    }
    let status = unsafe pclose(stream)
    guard status == 0 else { throw ShellFailure(command: command, status: status) }
    return out
}

struct ShellFailure: Error {
    let command: String
    let status: Int32
}

/// Waits until the clock that files get their times from has moved on far enough for the stat cache.
func waitForTrust() { usleep(60_000) }
