// SPDX-License-Identifier: Apache-2.0

/// A tar made byte by byte, so that tests can have every legal and illegal form.
struct RawTar {
    enum Magic { case ustar, gnu, none }

    var bytes: [UInt8] = []

    /// Adds a member: a header with these fields, and contents padded to 512 bytes.
    mutating func add(
        _ name: [UInt8],
        type: Character = "0",
        mode: String = "0000644",
        uid: [UInt8] = Array("0000000".utf8),
        gid: [UInt8] = Array("0000000".utf8),
        size: [UInt8]? = nil,
        time: [UInt8] = Array("00000000000".utf8),
        link: [UInt8] = [],
        magic: Magic = .ustar,
        prefix: [UInt8] = [],
        device: (String, String) = ("0000000", "0000000"),
        content: [UInt8] = []
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ value: [UInt8], _ at: Int) { for (index, byte) in value.enumerated() { block[at + index] = byte } }
        put(Array(name.prefix(100)), 0)
        put(Array(mode.utf8), 100)
        put(uid, 108)
        put(gid, 116)
        put(size ?? Array(Self.octal(content.count, 11).utf8), 124)
        put(time, 136)
        block[156] = type.asciiValue ?? 0
        put(Array(link.prefix(100)), 157)
        switch magic {
        case .ustar: put(Array("ustar\u{0}00".utf8), 257)
        case .gnu: put(Array("ustar  \u{0}".utf8), 257)
        case .none: break
        }
        put(Array(device.0.utf8), 329)
        put(Array(device.1.utf8), 337)
        put(prefix, 345)
        put(Array("        ".utf8), 148)
        put(Array(Self.octal(block.reduce(0) { $0 + Int($1) }, 6).utf8) + [0, 32], 148)
        bytes += block + content + [UInt8](repeating: 0, count: -content.count & 511)
    }

    mutating func add(_ name: String, type: Character = "0", link: String = "", content: String = "") {
        add(Array(name.utf8), type: type, link: Array(link.utf8), content: Array(content.utf8))
    }

    /// Adds an extended header with these records.
    mutating func pax(_ records: [(String, [UInt8])], type: Character = "x") {
        let body = records.flatMap { key, value -> [UInt8] in
            let rest = key.utf8.count + value.count + 3
            var length = rest + 1
            while String(length).utf8.count + rest != length { length = String(length).utf8.count + rest }
            return Array("\(length) \(key)=".utf8) + value + [UInt8(ascii: "\n")]
        }
        add(Array("pax".utf8), type: type, content: body)
    }

    mutating func pax(_ key: String, _ value: String, type: Character = "x") {
        pax([(key, Array(value.utf8))], type: type)
    }

    /// The tar with its end mark.
    var ended: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    static func octal(_ value: Int, _ width: Int) -> String {
        let digits = String(value, radix: 8)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
