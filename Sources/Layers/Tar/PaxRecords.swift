// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// The records of pax extended headers that layers use.
///
/// Source: POSIX.1-2017, `pax`, "pax Extended Header"; star(5) for `SCHILY.xattr.`.
struct PaxRecords {
    var path: [UInt8]?
    var linkPath: [UInt8]?
    var size: Int64?
    var uid: UInt32?
    var gid: UInt32?
    var modified: Timestamp?
    var xattrs: [ExtendedAttribute] = []
    /// Whether a GNU sparse file is described, whose form no layer may have.
    var isSparse = false

    static let xattrPrefix = Array("SCHILY.xattr.".utf8)
    private static let sparsePrefix = Array("GNU.sparse.".utf8)

    /// Reads the records of `bytes` over what is there already.
    ///
    /// An empty value takes a record away.
    ///
    /// - Returns: What is wrong with them, or `nil`.
    mutating func read(_ bytes: [UInt8]) -> String? {
        var at = 0
        while at < bytes.count {
            guard let (record, end) = Self.record(bytes, from: at) else {
                return "a pax record has no valid length"
            }
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { return "a pax record has no '='" }
            if let wrong = take(record[..<equals], record[(equals + 1)...]) { return wrong }
            at = end
        }
        return nil
    }

    /// The record at `start` without its length and line feed, and where the next one begins.
    private static func record(_ bytes: [UInt8], from start: Int) -> (ArraySlice<UInt8>, Int)? {
        var length = 0
        var at = start
        while at < bytes.count, at - start < 10, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]) {
            length = length * 10 + Int(bytes[at] - UInt8(ascii: "0"))
            at += 1
        }
        let end = start + length
        guard at > start, at < bytes.count, bytes[at] == UInt8(ascii: " "), end <= bytes.count, end > at + 1,
            bytes[end - 1] == UInt8(ascii: "\n")
        else { return nil }
        return (bytes[(at + 1)..<(end - 1)], end)
    }

    private mutating func take(_ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> String? {
        if key.starts(with: Self.xattrPrefix) {
            let name = Array(key.dropFirst(Self.xattrPrefix.count))
            xattrs.removeAll { $0.name == name }
            xattrs.append(ExtendedAttribute(name: name, value: Array(value)))
            return nil
        }
        if key.starts(with: Self.sparsePrefix) {
            isSparse = true
            return nil
        }
        switch String(decoding: key, as: UTF8.self) {
        case "path": path = value.isEmpty ? nil : Array(value)
        case "linkpath": linkPath = value.isEmpty ? nil : Array(value)
        case "size":
            size = Self.integer(value)
            if size.map({ $0 < 0 }) ?? !value.isEmpty { return "a pax size is no number" }
        case "uid":
            uid = Self.integer(value).flatMap { UInt32(exactly: $0) }
            if uid == nil && !value.isEmpty { return "a pax uid is no number of 32 bits" }
        case "gid":
            gid = Self.integer(value).flatMap { UInt32(exactly: $0) }
            if gid == nil && !value.isEmpty { return "a pax gid is no number of 32 bits" }
        case "mtime":
            modified = Self.time(value)
            if modified == nil && !value.isEmpty { return "a pax mtime is no time" }
        default: break
        }
        return nil
    }

    private static func integer(_ text: ArraySlice<UInt8>) -> Int64? { Int64(String(decoding: text, as: UTF8.self)) }

    /// A time in seconds with a fraction; what lies outside of `Timestamp`'s range becomes its end.
    private static func time(_ text: ArraySlice<UInt8>) -> Timestamp? {
        let isNegative = text.first == UInt8(ascii: "-")
        let parts = text.dropFirst(isNegative ? 1 : 0).split(
            separator: UInt8(ascii: "."),
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard let whole = parts.first, !whole.isEmpty, whole.allSatisfy(Self.isDigit) else { return nil }
        var nanoseconds: Int64 = 0
        if parts.count == 2 {
            guard parts[1].allSatisfy(Self.isDigit) else { return nil }
            for index in 0..<9 {
                let digit = index < parts[1].count ? parts[1][parts[1].startIndex + index] : UInt8(ascii: "0")
                nanoseconds = nanoseconds * 10 + Int64(digit - UInt8(ascii: "0"))
            }
        }
        let seconds = integer(whole) ?? .max
        return Timestamp(seconds: isNegative ? -seconds : seconds, nanoseconds: isNegative ? -nanoseconds : nanoseconds)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Lays these records over `global`.
    func over(_ global: PaxRecords) -> PaxRecords {
        var all = self
        all.path = path ?? global.path
        all.linkPath = linkPath ?? global.linkPath
        all.size = size ?? global.size
        all.uid = uid ?? global.uid
        all.gid = gid ?? global.gid
        all.modified = modified ?? global.modified
        all.isSparse = isSparse || global.isSparse
        for attribute in global.xattrs where !xattrs.contains(where: { $0.name == attribute.name }) {
            all.xattrs.append(attribute)
        }
        return all
    }

    /// Appends one record, whose length counts its own digits.
    static func append(_ key: [UInt8], _ value: some Collection<UInt8>, to out: inout [UInt8]) {
        let rest = key.count + value.count + 3
        var length = rest + 1
        while String(length).utf8.count + rest != length { length = String(length).utf8.count + rest }
        out += TarNumber.decimal(Int64(length))
        out.append(UInt8(ascii: " "))
        out += key
        out.append(UInt8(ascii: "="))
        out += value
        out.append(UInt8(ascii: "\n"))
    }
}

extension Timestamp {
    /// A moment of seconds and nanoseconds of the same sign; beyond the range of the type it is the end of the range.
    init(seconds: Int64, nanoseconds: Int64) {
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowToo) = scaled.addingReportingOverflow(nanoseconds)
        self.init(nanoseconds: overflow || overflowToo ? (seconds < 0 ? .min : .max) : sum)
    }
}
