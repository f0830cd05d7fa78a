// SPDX-License-Identifier: Apache-2.0

import BuildModel
import FileOperations
import Glibc
import LLB
import Layers
import OCIModel
import SystemPackage

/// A data root of one test in a folder that goes away with it, and short ways to fill and read it.
final class FileOperationFixture {
    let folder: FilePath
    let store: LayerStore
    let now = Timestamp(seconds: 1_000_000_000)

    init() throws {
        var template = Array("/tmp/reel-test-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SystemCallError("mkdtemp", "/tmp") }
        folder = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        store = try LayerStore(root: folder.appending("root"))
    }

    deinit { _ = try? Program.run("rm -rf '\(folder)'") }

    func executor(_ timestamps: TimestampPolicy = .keep) -> FileOperationExecutor {
        FileOperationExecutor(layers: store, timestamps: timestamps, now: now)
    }

    /// A snapshot of one layer, from lines such as `d usr 755`, `f usr/x 644 text`, `l a target`, `h b usr/x`, each
    /// perhaps with `@uid:gid` or `+seconds` behind it.
    func snapshot(_ lines: String..., over base: Snapshot = .scratch) throws -> Snapshot {
        try snapshot(lines: lines, over: base)
    }

    func snapshot(lines: [String], over base: Snapshot = .scratch) throws -> Snapshot {
        let entries = lines.map(FixtureEntry.init).sorted { $0.path.lexicographicallyPrecedes($1.path) }
        let writer = try store.writer(timestamps: .keep)
        for entry in entries { try entry.write(to: writer) }
        return base.appending(try writer.finish().diffID)
    }

    /// Runs actions in a row, each on the result of the one before; the first on input 0.
    func run(
        _ changes: [FileChange],
        on inputs: [Snapshot],
        source: Int = 1,
        timestamps: TimestampPolicy = .keep
    ) throws -> FileOperationResult {
        var actions: [FileAction] = []
        for (index, change) in changes.enumerated() {
            var from: FileOperand?
            if case .copy = change { from = .input(source) }
            actions.append(
                FileAction(
                    base: index == 0 ? .input(0) : .action(index - 1),
                    source: from,
                    output: index == changes.count - 1 ? 0 : nil,
                    change: change
                )
            )
        }
        return try executor(timestamps).execute(FileOperation(actions: actions), inputs: inputs)[0]
    }

    /// One copy with options.
    func copy(
        _ source: String,
        _ destination: String,
        on inputs: [Snapshot],
        _ options: (inout CopyAction) -> Void = { _ in }
    ) throws -> FileOperationResult {
        var action = CopyAction(source: source, destination: destination)
        options(&action)
        return try run([.copy(action)], on: inputs)
    }

    /// What a snapshot shows, one line a file: kind, path, mode, owner where it is not root, content.
    func list(_ snapshot: Snapshot) throws -> [String] {
        guard !snapshot.layers.isEmpty else { return [] }
        return try list(store.view(snapshot))
    }

    /// What a layer has by itself, whiteouts as `w`, opaque directories as `D`.
    func listLayer(_ result: FileOperationResult) throws -> [String] {
        try result.layer.map { try list(store.bareView($0.diffID)) } ?? []
    }

    func list(_ view: LayerView) throws -> [String] {
        var lines: [String] = []
        var names: [FileIdentity: String] = [:]
        try view.walk(from: view.root) { entry in
            if !entry.path.isEmpty { lines.append(try Self.line(entry, view, &names)) }
            return .descend
        }
        return lines
    }

    private static func line(
        _ entry: ViewEntry,
        _ view: LayerView,
        _ names: inout [FileIdentity: String]
    ) throws -> String {
        let path = entry.displayPath
        let attributes = entry.attributes
        var tail = attributes.uid == 0 && attributes.gid == 0 ? "" : " @\(attributes.uid):\(attributes.gid)"
        for xattr in attributes.xattrs { tail += " \(String(decoding: xattr.name, as: UTF8.self))" }
        let mode = String(attributes.mode, radix: 8)
        switch entry.kind {
        case .directory: return "\(entry.isOpaque ? "D" : "d") \(path) \(mode)\(tail)"
        case .symbolicLink: return "l \(path) \(String(decoding: entry.linkTarget, as: UTF8.self))\(tail)"
        case .whiteout: return "w \(path)"
        case .regular:
            if entry.linkCount > 1 {
                if let first = names[entry.identity] { return "h \(path) \(first)" }
                names[entry.identity] = path
            }
            return "f \(path) \(mode) \(String(decoding: try view.read(entry), as: UTF8.self))\(tail)"
        default: return "\(entry.kind) \(path) \(mode)\(tail)"
        }
    }

    /// The time of a path, in seconds.
    func seconds(_ path: String, in snapshot: Snapshot) throws -> Int64? {
        try store.view(snapshot).entry(at: Array(path.utf8))?.attributes.modified.seconds
    }
}

/// One line of `FileOperationFixture.snapshot`.
private struct FixtureEntry {
    let kind: Substring
    let path: [UInt8]
    private let argument: String
    private let text: String
    private var uid: UInt32 = 0
    private var gid: UInt32 = 0
    private var seconds: Int64 = 500

    init(_ line: String) {
        var words = line.split(separator: " ")
        while let last = words.last, words.count > 2, last.hasPrefix("@") || last.hasPrefix("+") {
            let numbers = last.dropFirst().split(separator: ":").compactMap { Int64($0) }
            if last.hasPrefix("@") {
                (uid, gid) = (UInt32(numbers[0]), UInt32(numbers[1]))
            } else {
                seconds = numbers[0]
            }
            words.removeLast()
        }
        kind = words[0]
        path = Array(words[1].utf8)
        argument = words.count > 2 ? String(words[2]) : "755"
        text = words.dropFirst(3).joined(separator: " ")
    }

    func write(to writer: LayerWriter) throws {
        func attributes(_ kind: FileKind) -> FileAttributes {
            FileAttributes(
                kind: kind,
                mode: UInt16(argument, radix: 8) ?? 0o777,
                uid: uid,
                gid: gid,
                modified: Timestamp(seconds: seconds)
            )
        }
        switch kind {
        case "d": try writer.directory(path, attributes(.directory))
        case "l": try writer.symbolicLink(path, attributes(.symbolicLink), target: Array(argument.utf8))
        case "h": try writer.hardLink(path, to: Array(argument.utf8))
        case "p": try writer.special(path, attributes(.fifo))
        default:
            let bytes = Array(text.utf8)
            try writer.file(path, attributes(.regular), size: Int64(bytes.count), content: .bytes(bytes))
        }
    }
}

/// Runs programs.
enum Program {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a script with `sh -e`; returns what it printed.
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
