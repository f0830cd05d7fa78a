// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers

/// The SHA-256 of the tar that GNU tar writes in its own format, fed in the order of a walk.
///
/// Source: GNU tar manual, "Basic Tar Format"; `Docs/context-hash.md` has the command line.
struct TarHash: ~Copyable {
    private var hasher = SHA256Hasher()
    private var length: Int64 = 0
    private let modes: ContextModes

    init(modes: ContextModes) { self.modes = modes }

    private mutating func append(_ bytes: [UInt8]) {
        hasher.update(bytes)
        length += Int64(bytes.count)
    }

    /// Adds the next entry; the contents of a file follow with `contents` and `endFile`.
    mutating func add(_ node: ContextTree.Node) {
        switch node.entry.content {
        case .directory: header(node.entry.path + [0x2F], mode: node.entry.mode, type: "5")
        case .symbolicLink(let target):
            // What `--mode` leaves of a link's 0777.
            header(node.entry.path, mode: modes == .git ? 0o755 : 0o777, type: "2", link: target)
        case .file(let size, _): header(node.entry.path, mode: node.entry.mode, size: size, type: "0")
        case .hardLink: break
        }
    }

    private mutating func header(_ name: [UInt8], mode: UInt16, size: Int64 = 0, type: StaticString, link: [UInt8] = [])
    {
        if link.count > 100 { long(link, type: "K") }
        if name.count > 100 { long(name, type: "L") }
        append(Self.block(name, mode: mode, size: size, time: TimestampPolicy.defaultEpoch, type: type, link: link))
    }

    /// A member of its own for a name that no header can hold.
    private mutating func long(_ name: [UInt8], type: StaticString) {
        let size = Int64(name.count + 1)
        append(Self.block(Array("././@LongLink".utf8), mode: 0o644, size: size, time: 0, type: type, link: []))
        append(name + [0])
        pad(size)
    }

    private static func block(
        _ name: [UInt8],
        mode: UInt16,
        size: Int64,
        time: Int64,
        type: StaticString,
        link: [UInt8]
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: some Sequence<UInt8>, _ at: Int) {
            for (offset, byte) in bytes.enumerated() { block[at + offset] = byte }
        }
        put(name.prefix(100), 0)
        put(octal(Int64(mode), 7), 100)
        put(octal(0, 7), 108)
        put(octal(0, 7), 116)
        if size < 1 << 33 {
            put(octal(size, 11), 124)
        } else {
            put([0x80] + (0..<11).map { UInt8(truncatingIfNeeded: $0 < 3 ? 0 : size >> Int64(8 * (10 - $0))) }, 124)
        }
        put(octal(time, 11), 136)
        put([UInt8](repeating: 0x20, count: 8), 148)
        put("\(type)".utf8, 156)
        put(link.prefix(100), 157)
        put("ustar  ".utf8, 257)
        let sum = block.reduce(Int64(0)) { $0 + Int64($1) }
        put(octal(sum, 6) + [0], 148)
        return block
    }

    private static func octal(_ value: Int64, _ digits: Int) -> [UInt8] {
        let text = Array(String(value, radix: 8).utf8)
        return [UInt8](repeating: 0x30, count: max(0, digits - text.count)) + text
    }

    /// A piece of the file that was added last.
    mutating func contents(_ bytes: Span<UInt8>) {
        hasher.update(bytes)
        length += Int64(bytes.count)
    }

    /// The end of the file that was added last.
    mutating func endFile(size: Int64) { pad(size) }

    private mutating func pad(_ size: Int64) {
        if size % 512 != 0 { append([UInt8](repeating: 0, count: Int(512 - size % 512))) }
    }

    /// Two blocks of zeros, and more up to a whole record of 20 blocks.
    mutating func finish() -> String {
        append([UInt8](repeating: 0, count: 1024))
        let rest = length % 10_240
        if rest != 0 { append([UInt8](repeating: 0, count: Int(10_240 - rest))) }
        return hasher.digest().hex
    }
}
