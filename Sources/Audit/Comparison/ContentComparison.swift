// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import SystemPackage

/// The contents of two files: where they part, and the lines that differ where both are text.
struct ContentComparison {
    /// The longest file that is looked at line by line.
    static let mostText: Int64 = 1 << 20
    /// The most lines of a diff that are told.
    static let mostLines = 12

    private let path: String
    private let then: [UInt8]
    private let now: [UInt8]
    /// The first byte that differs.
    private let offset: Int64
    /// Where in the files `then` and `now` begin.
    private let start: Int64

    /// Reads both files, or the part around the first difference of long ones.
    init(_ left: ViewEntry, in then: LayerView, _ right: ViewEntry, in now: LayerView) throws {
        path = left.displayPath
        offset = try Self.firstDifference(left, then, right, now)
        if left.size <= Self.mostText, right.size <= Self.mostText {
            start = 0
            self.then = try then.read(left)
            self.now = try now.read(right)
        } else {
            start = max(0, offset - 512)
            self.then = try Self.read(left, then, at: start, count: 4096)
            self.now = try Self.read(right, now, at: start, count: 4096)
        }
    }

    private static func firstDifference(
        _ left: ViewEntry,
        _ then: LayerView,
        _ right: ViewEntry,
        _ now: LayerView
    ) throws -> Int64 {
        var at: Int64 = 0
        let shared = min(left.size, right.size)
        while at < shared {
            let count = Int(min(1 << 16, shared - at))
            let (old, new) = (try read(left, then, at: at, count: count), try read(right, now, at: at, count: count))
            if old != new, let place = zip(old, new).enumerated().first(where: { $0.element.0 != $0.element.1 }) {
                return at + Int64(place.offset)
            }
            at += Int64(count)
        }
        return shared
    }

    private static func read(_ entry: ViewEntry, _ view: LayerView, at offset: Int64, count: Int) throws -> [UInt8] {
        let wanted = Int(max(0, min(Int64(count), entry.size - offset)))
        guard wanted > 0 else { return [] }
        return try view.withContent(of: entry) { file, begin in
            var bytes = [UInt8](repeating: 0, count: wanted)
            var done = 0
            while done < wanted {
                let read = try unsafe bytes.withUnsafeMutableBytes {
                    try unsafe file.read(
                        fromAbsoluteOffset: begin + offset + Int64(done),
                        into: UnsafeMutableRawBufferPointer(rebasing: $0[done...])
                    )
                }
                guard read > 0 else { break }
                done += read
            }
            return Array(bytes[..<done])
        }
    }

    /// The difference as it is told.
    func difference(suspects: SuspectFinder) -> FieldDifference {
        let at = Int(offset - start)
        var field = FieldDifference(.content, Self.excerpt(then, at: at), Self.excerpt(now, at: at))
        field.offset = offset
        if LineDifference.isText(then), LineDifference.isText(now), start == 0 {
            field.diff = LineDifference(then, now).unified(limit: Self.mostLines)
            field.suspicions = suspects.inText(then, now, path: path)
        } else {
            field.suspicions = suspects.inBytes(then, now, at: start, path: path)
        }
        return field
    }

    /// Some bytes from the first difference on: text where it is text, else hexadecimal.
    private static func excerpt(_ bytes: [UInt8], at offset: Int) -> String {
        guard offset < bytes.count else { return "end of file" }
        let part = bytes[offset..<min(bytes.count, offset + 16)]
        if part.allSatisfy({ (0x20..<0x7F).contains($0) }) { return "'" + String(decoding: part, as: UTF8.self) + "'" }
        return part.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }
}
