// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers

/// The SHA-256 of a Nix archive, fed in the order of a walk.
///
/// Source: Nix manual, "Nix Archive (NAR) format"; E. Dolstra, "The Purely Functional Software Deployment Model", 5.2.
struct NarHash: ~Copyable {
    private var hasher = SHA256Hasher()
    private var depth = 0

    init() {
        text("nix-archive-1")
        text("(")
        text("type")
        text("directory")
    }

    private mutating func text(_ text: StaticString) { string(Array("\(text)".utf8)) }

    /// A string: its length in 8 bytes, and itself filled up to a multiple of 8.
    private mutating func string(_ bytes: [UInt8]) {
        length(Int64(bytes.count))
        hasher.update(bytes)
        pad(Int64(bytes.count))
    }

    private mutating func length(_ value: Int64) {
        hasher.update((0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
    }

    private mutating func pad(_ size: Int64) {
        if size % 8 != 0 { hasher.update([UInt8](repeating: 0, count: Int(8 - size % 8))) }
    }

    /// Adds the next entry; the contents of a file follow with `contents` and `endFile`.
    mutating func add(_ node: ContextTree.Node) {
        while depth > node.depth { closeDirectory() }
        text("entry")
        text("(")
        text("name")
        string(Array(node.name))
        text("node")
        text("(")
        text("type")
        switch node.entry.content {
        case .directory:
            text("directory")
            depth += 1
        case .symbolicLink(let target):
            text("symlink")
            text("target")
            string(target)
            close()
        case .file(let size, _):
            text("regular")
            if node.isExecutable {
                text("executable")
                text("")
            }
            text("contents")
            length(size)
        case .hardLink: close()
        }
    }

    /// A piece of the file that was added last.
    mutating func contents(_ bytes: Span<UInt8>) { hasher.update(bytes) }

    /// The end of the file that was added last.
    mutating func endFile(size: Int64) {
        pad(size)
        close()
    }

    /// Ends a node and the entry that it belongs to.
    private mutating func close() {
        text(")")
        text(")")
    }

    private mutating func closeDirectory() {
        close()
        depth -= 1
    }

    mutating func finish() -> String {
        while depth > 0 { closeDirectory() }
        text(")")
        return "sha256-" + Base64.string(hasher.digest().bytes)
    }
}
