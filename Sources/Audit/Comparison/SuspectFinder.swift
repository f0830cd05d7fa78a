// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// Tells the usual reasons for a difference apart, by looking at what differs.
///
/// Each suspicion is told with what shows it. It is a guess: only a variation (`reel replay --vary`) proves one.
struct SuspectFinder: Sendable {
    /// The time of the recorded build.
    var then: Timestamp
    /// The time of the replay.
    var now: Timestamp
    /// The command of the step; empty for steps without one.
    var command: String
    /// The names of both machines, and those that steps were given.
    var hosts: Set<String>

    /// Makes a finder for one step of two builds.
    init(then: Timestamp, now: Timestamp, command: String, hosts: Set<String>) {
        self.then = then
        self.now = now
        self.command = command
        self.hosts = hosts
    }

    /// The most pairs of words or bytes that are looked at.
    private static let mostPairs = 200

    /// Looks at two texts.
    ///
    /// - Parameter path: Of the file, for its name.
    func inText(_ then: [UInt8], _ now: [UInt8], path: String) -> [Suspicion] {
        let lines = LineDifference(then, now)
        if !lines.removed.isEmpty, lines.removed.sorted() == lines.added.sorted() {
            return [ofOrder(LineDifference.lines(then), LineDifference.lines(now), moved: lines.removed)]
        }
        var found: [Suspicion] = []
        for (old, new) in zip(lines.removed, lines.added).prefix(Self.mostPairs) { found += inLine(old, new, path) }
        return Self.ranked(found)
    }

    /// Looks at two files that are no text.
    ///
    /// - Parameter offset: Where in their files both begin.
    func inBytes(_ then: [UInt8], _ now: [UInt8], at offset: Int64, path: String) -> [Suspicion] {
        if then.starts(with: [0x1F, 0x8B]), now.starts(with: [0x1F, 0x8B]), offset == 0, then.count > 8, now.count > 8,
            then[4..<8] != now[4..<8]
        {
            return [Suspicion(.time, "bytes 4 to 7 of a gzip file are a time")]
        }
        var found: [Suspicion] = []
        for region in Self.regions(then, now).prefix(Self.mostPairs) { found += inRegion(region, then, now, path) }
        return Self.ranked(found)
    }

    /// Each suspect once, those met most often first.
    private static func ranked(_ found: [Suspicion]) -> [Suspicion] {
        var counts: [Suspicion.Suspect: Int] = [:]
        for suspicion in found { counts[suspicion.suspect, default: 0] += 1 }
        var seen: Set<Suspicion.Suspect> = []
        let firsts = found.filter { seen.insert($0.suspect).inserted }
        return firsts.enumerated().sorted { left, right in
            let (more, less) = (counts[left.element.suspect] ?? 0, counts[right.element.suspect] ?? 0)
            return more == less ? left.offset < right.offset : more > less
        }.map(\.element)
    }

    // MARK: Order

    /// What puts the same lines into another order.
    private func ofOrder(_ old: [String], _ new: [String], moved: [String]) -> Suspicion {
        func bytewise(_ lines: [String]) -> Bool {
            zip(lines, lines.dropFirst()).allSatisfy { !$1.utf8.lexicographicallyPrecedes($0.utf8) }
        }
        func byLetters(_ lines: [String]) -> Bool {
            let folded = lines.map { $0.lowercased().filter { $0.isLetter || $0.isNumber } }
            return zip(folded, folded.dropFirst()).allSatisfy { $0 <= $1 }
        }
        let (olds, news) = (old.filter { !$0.isEmpty }, new.filter { !$0.isEmpty })
        if bytewise(olds) && byLetters(news) || byLetters(olds) && bytewise(news) {
            return Suspicion(.locale, "one is sorted by bytes and the other by letters")
        }
        if moved.allSatisfy({ WordKind.isPath($0.split(separator: " ").last ?? "") }) {
            return Suspicion(.fileOrder, "the same names of files in another order")
        }
        if WordKind.runsInParallel(command) {
            return Suspicion(.parallelism, "the same lines in another order, of a command that does things at once")
        }
        return Suspicion(.hashOrder, "the same lines in another order")
    }

    // MARK: Words

    private func inLine(_ old: String, _ new: String, _ path: String) -> [Suspicion] {
        let (olds, news) = (WordKind.words(of: old), WordKind.words(of: new))
        if olds != news, olds.count > 2, olds.sorted() == news.sorted() {
            return [Suspicion(.hashOrder, "the same words of a line in another order")]
        }
        guard olds.count == news.count else {
            return WordKind.languages(old, new).map { [Suspicion(.locale, $0)] } ?? []
        }
        return zip(olds, news).filter { $0 != $1 }.compactMap { pair(String($0), String($1), line: old, path: path) }
    }

    /// What two words that stand for each other look like.
    private func pair(_ old: String, _ new: String, line: String, path: String) -> Suspicion? {
        let told = "'\(old.prefix(40))' became '\(new.prefix(40))'"
        if hosts.contains(old) || hosts.contains(new) { return Suspicion(.hostName, told) }
        if WordKind.isTime(old, near: then), WordKind.isTime(new, near: now) { return Suspicion(.time, told) }
        if WordKind.isDuration(old, new, in: line) { return Suspicion(.time, "\(told), a length of time") }
        if WordKind.isRandom(old, new) { return Suspicion(.random, told) }
        if WordKind.isProcessNumber(old, new, in: line, path: path) { return Suspicion(.pid, told) }
        if let reason = WordKind.languages(old, new) { return Suspicion(.locale, reason) }
        if WordKind.isPath(Substring(old)), WordKind.isPath(Substring(new)) { return Suspicion(.buildPath, told) }
        return nil
    }

    // MARK: Bytes

    /// The parts in which two byte strings differ; those a few bytes apart are one.
    private static func regions(_ then: [UInt8], _ now: [UInt8]) -> [Range<Int>] {
        var regions: [Range<Int>] = []
        for index in 0..<min(then.count, now.count) where then[index] != now[index] {
            if let last = regions.last, index - last.upperBound < 4 {
                regions[regions.count - 1] = last.lowerBound..<index + 1
            } else if regions.count <= mostPairs {
                regions.append(index..<index + 1)
            }
        }
        return regions
    }

    private func inRegion(_ region: Range<Int>, _ old: [UInt8], _ new: [UInt8], _ path: String) -> [Suspicion] {
        if let words = Self.printable(around: region, old, new) {
            return pair(words.0, words.1, line: words.0, path: path).map { [$0] } ?? []
        }
        if region.count >= 12 {
            let equal = region.count { old[$0] == new[$0] }
            if equal * 8 < region.count {
                return [Suspicion(.random, "\(region.count) bytes at \(region.lowerBound) have nothing in common")]
            }
        }
        for start in max(0, region.upperBound - 4)...region.lowerBound where start + 4 <= min(old.count, new.count) {
            if isSeconds(old, new, at: start) {
                return [Suspicion(.time, "the 4 bytes at \(start) are seconds near the times of both builds")]
            }
        }
        return []
    }

    /// Whether four bytes are seconds since 1970, little or big end first, that fit both builds.
    private func isSeconds(_ old: [UInt8], _ new: [UInt8], at start: Int) -> Bool {
        func value(_ bytes: ArraySlice<UInt8>, reversed: Bool) -> Int64 {
            let ordered = reversed ? Array(bytes.reversed()) : Array(bytes)
            return ordered.reduce(0) { $0 << 8 | Int64($1) }
        }
        return [false, true].contains { reversed in
            WordKind.isNear(value(old[start..<start + 4], reversed: reversed), then)
                && WordKind.isNear(value(new[start..<start + 4], reversed: reversed), now)
        }
    }

    /// The words around a region, where it lies in readable text on both sides.
    private static func printable(around region: Range<Int>, _ old: [UInt8], _ new: [UInt8]) -> (String, String)? {
        func word(_ bytes: [UInt8]) -> String? {
            var (start, end) = (region.lowerBound, region.upperBound)
            guard bytes[region].allSatisfy(WordKind.isInWord) else { return nil }
            while start > 0, region.lowerBound - start < 64, WordKind.isInWord(bytes[start - 1]) { start -= 1 }
            while end < bytes.count, end - region.upperBound < 64, WordKind.isInWord(bytes[end]) { end += 1 }
            return end - start >= 4 ? String(decoding: bytes[start..<end], as: UTF8.self) : nil
        }
        guard let left = word(old), let right = word(new) else { return nil }
        return (left, right)
    }
}
