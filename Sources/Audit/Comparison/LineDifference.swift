// SPDX-License-Identifier: Apache-2.0

/// Two texts, line by line.
struct LineDifference {
    /// The lines that only the first text has, in their order.
    private(set) var removed: [String] = []
    /// The lines that only the second text has, in their order.
    private(set) var added: [String] = []
    private var told: [String] = []

    /// The most lines, behind what both have in common at start and end, that are compared one by one.
    private static let mostCompared = 2000

    /// Compares two texts.
    init(_ then: [UInt8], _ now: [UInt8]) {
        var (old, new) = (Self.lines(then)[...], Self.lines(now)[...])
        while let left = old.first, left == new.first {
            old.removeFirst()
            new.removeFirst()
        }
        while let left = old.last, left == new.last {
            old.removeLast()
            new.removeLast()
        }
        guard old.count + new.count <= Self.mostCompared else {
            (removed, added) = (Array(old), Array(new))
            told = removed.map { "-" + $0 } + added.map { "+" + $0 }
            return
        }
        var gone: Set<Int> = []
        var come: Set<Int> = []
        for change in Array(new).difference(from: Array(old)) {
            switch change {
            case .remove(let offset, _, _): gone.insert(offset)
            case .insert(let offset, _, _): come.insert(offset)
            }
        }
        let (olds, news) = (Array(old), Array(new))
        var (left, right) = (0, 0)
        while left < olds.count || right < news.count {
            if left < olds.count, gone.contains(left) {
                removed.append(olds[left])
                told.append("-" + olds[left])
                left += 1
            } else if right < news.count, come.contains(right) {
                added.append(news[right])
                told.append("+" + news[right])
                right += 1
            } else {
                left += 1
                right += 1
            }
        }
    }

    /// The lines of a text; bytes that are not UTF-8 are replaced.
    static func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether bytes are UTF-8 without control characters but those of text.
    static func isText(_ bytes: [UInt8]) -> Bool {
        let isPlain = bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || [0x09, 0x0A, 0x0D, 0x0C, 0x1B].contains($0) }
        return isPlain && String(validating: bytes, as: UTF8.self) != nil
    }

    /// The lines that differ with `-` and `+`, cut to `limit` lines of at most 200 characters.
    func unified(limit: Int) -> [String] {
        let shown = told.prefix(limit).map { $0.count > 200 ? String($0.prefix(199)) + "…" : $0 }
        let rest = told.count - shown.count
        return shown + (rest > 0 ? ["(\(rest) more line\(rest == 1 ? "" : "s"))"] : [])
    }
}
