// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel

/// The bytes of a log's file, read without SQLite: whatever still looks like a row is one if its hash says so.
///
/// Source: sqlite.org/fileformat2.html, sections 1.6 (b-tree pages), 2.1 (record format), 4.1 (WAL format).
struct LogPages {
    static let pageSize = 4096
    private let pages: [ArraySlice<UInt8>]
    /// The pages of the write-ahead log, whose numbers are page numbers of the file; the last of a number counts.
    private let newer: [Int: ArraySlice<UInt8>]
    private let newerInOrder: [ArraySlice<UInt8>]

    /// The events whose rows have the right shape, by seq; some seqs may have several.
    private(set) var events: [Int64: [LogRow]] = [:]
    /// The stored nodes by number; some numbers may have several.
    private(set) var nodes: [Int64: Set<ContentDigest>] = [:]

    init(file: [UInt8], writeAheadLog: [UInt8]) {
        pages = stride(from: 0, to: file.count, by: Self.pageSize).map {
            file[$0..<min($0 + Self.pageSize, file.count)]
        }
        var newer: [Int: ArraySlice<UInt8>] = [:]
        var inOrder: [ArraySlice<UInt8>] = []
        for start in stride(from: 32, to: writeAheadLog.count, by: Self.pageSize + 24) {
            guard start + 24 + Self.pageSize <= writeAheadLog.count else { break }
            let number = writeAheadLog[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            let page = writeAheadLog[start + 24..<start + 24 + Self.pageSize]
            newer[number] = page
            inOrder.append(page)
        }
        self.newer = newer
        newerInOrder = inOrder
        for page in pages + newerInOrder { scan(page) }
    }

    private func page(_ number: Int) -> ArraySlice<UInt8>? {
        newer[number] ?? (pages.indices.contains(number - 1) ? pages[number - 1] : nil)
    }

    /// Takes every offset of a page for the start of a row; nearly none has the shape of one.
    private mutating func scan(_ page: ArraySlice<UInt8>) {
        for offset in page.indices.dropLast(8) {
            // The first byte of a payload length is not 0, and a header is short: most offsets end here.
            guard page[offset] != 0, let cell = cell(at: offset, in: page) else { continue }
            take(cell)
        }
    }

    private struct Cell {
        var number: Int64
        var payload: [UInt8]
    }

    /// A table leaf's cell: the length of its payload, its row id, the payload and where it goes on.
    private func cell(at offset: Int, in page: ArraySlice<UInt8>) -> Cell? {
        var bytes = ByteReader(page, at: offset)
        guard let length = bytes.varint(), (36...64 << 20).contains(length), let number = bytes.varint(), number > 0
        else { return nil }
        guard Self.hasShape(page, at: bytes.offset) else { return nil }
        let total = Int(length)
        let most = Self.pageSize - 35
        let least = (Self.pageSize - 12) * 32 / 255 - 23
        let spread = least + (total - least) % (Self.pageSize - 4)
        let local = total <= most ? total : spread <= most ? spread : least
        guard var payload = bytes.take(local).map(Array.init) else { return nil }
        if local < total {
            guard var next = bytes.bigEndian(4) else { return nil }
            while payload.count < total {
                guard let more = self.page(next), more.count == Self.pageSize else { return nil }
                var reader = ByteReader(more, at: more.startIndex)
                guard let after = reader.bigEndian(4),
                    let part = reader.take(min(total - payload.count, Self.pageSize - 4))
                else { return nil }
                payload += part
                next = after
            }
        }
        return Cell(number: number, payload: payload)
    }

    /// Whether a record header of one of the two tables starts here: the row id's column is null, the hash's 32 bytes.
    private static func hasShape(_ page: ArraySlice<UInt8>, at offset: Int) -> Bool {
        guard offset + 3 < page.endIndex, page[offset + 1] == 0 else { return false }
        let size = Int(page[offset])
        return size == 3
            ? page[offset + 2] == hashType
            : (8...24).contains(size) && offset + size <= page.endIndex && page[offset + size - 1] == hashType
    }

    /// The serial type of a blob of 32 bytes.
    private static let hashType: UInt8 = 12 + 2 * 32

    private mutating func take(_ cell: Cell) {
        var header = ByteReader(cell.payload[...], at: 0)
        guard let size = header.varint(), size <= cell.payload.count else { return }
        var types: [Int64] = []
        while header.offset < Int(size), let type = header.varint() { types.append(type) }
        var body = ByteReader(cell.payload[...], at: Int(size))
        if types.count == 2 {
            guard let hash = body.blob(types[1]) else { return }
            nodes[cell.number, default: []].insert(hash)
            return
        }
        guard types.count == 7, let build = body.text(types[1]), let kind = body.text(types[2]),
            let version = body.integer(types[3]), let time = body.integer(types[4]), let text = body.text(types[5]),
            let leaf = body.blob(types[6])
        else { return }
        let event = StoredEvent(
            seq: cell.number,
            build: String(decoding: build, as: UTF8.self),
            kind: String(decoding: kind, as: UTF8.self),
            version: Int(version),
            time: time,
            body: Array(text)
        )
        events[cell.number, default: []].append(LogRow(event: event, leaf: leaf))
    }
}

/// Reads numbers of SQLite's file format, and nothing beyond the end.
private struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private(set) var offset: Int

    init(_ bytes: ArraySlice<UInt8>, at offset: Int) {
        self.bytes = bytes
        self.offset = offset
    }

    mutating func varint() -> Int64? {
        var value: UInt64 = 0
        for place in 0..<9 {
            guard offset < bytes.endIndex else { return nil }
            let byte = bytes[offset]
            offset += 1
            if place == 8 { return Int64(bitPattern: value << 8 | UInt64(byte)) }
            value = value << 7 | UInt64(byte & 0x7F)
            if byte & 0x80 == 0 { return Int64(bitPattern: value) }
        }
        return nil
    }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, offset + count <= bytes.endIndex else { return nil }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    mutating func bigEndian(_ count: Int) -> Int? { take(count)?.reduce(0) { $0 << 8 | Int($1) } }

    /// An integer by its serial type: 1 to 6 say its width, 8 and 9 are the constants 0 and 1.
    mutating func integer(_ type: Int64) -> Int64? {
        switch type {
        case 8: return 0
        case 9: return 1
        case 1...6:
            let width = [1, 2, 3, 4, 6, 8][Int(type) - 1]
            guard let part = take(width), let first = part.first else { return nil }
            return part.reduce(first & 0x80 == 0 ? 0 : -1) { $0 << 8 | Int64($1) }
        default: return nil
        }
    }

    mutating func text(_ type: Int64) -> ArraySlice<UInt8>? {
        type >= 13 && type % 2 == 1 && type < 1 << 40 ? take(Int(type - 13) / 2) : nil
    }

    mutating func blob(_ type: Int64) -> ContentDigest? {
        type == 76 ? take(32).flatMap { try? ContentDigest(bytes: $0) } : nil
    }
}
