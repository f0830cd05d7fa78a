// SPDX-License-Identifier: Apache-2.0

/// The last lines of a stream of output, made fit for a terminal.
///
/// A carriage return starts its line over, as progress bars use it. Costs what the last lines cost, not what the whole
/// output does.
public struct LineTail: Sendable {
    /// One line.
    public struct Line: Equatable, Sendable {
        /// Its text, without control characters.
        public let text: String
        /// Nanoseconds from the start of the step to the line's end.
        public let elapsed: Int64
    }

    /// How many finished lines are kept.
    public static let capacity = 64
    /// How many bytes of one line are kept.
    public static let lineLimit = 4096

    private var finished: [Line] = []
    private var pending: [UInt8] = []
    private var pendingElapsed: Int64 = 0
    /// Bytes seen so far.
    public private(set) var bytes: Int64 = 0

    /// Makes an empty tail.
    public init() {}

    /// Adds a piece of output, which may end anywhere.
    public mutating func append(_ piece: [UInt8], elapsed: Int64) {
        bytes += Int64(piece.count)
        pendingElapsed = elapsed
        var start = Self.startOfLastLines(piece)
        if start > 0 { pending.removeAll(keepingCapacity: true) }
        while let end = piece[start...].firstIndex(of: 0x0A) {
            grow(by: piece[start..<end])
            finished.append(Line(text: OutputText.clean(pending), elapsed: elapsed))
            pending.removeAll(keepingCapacity: true)
            start = end + 1
        }
        grow(by: piece[start...])
        if finished.count > 2 * Self.capacity { finished.removeFirst(finished.count - Self.capacity) }
    }

    /// How many lines `last(_:)` can give, the unfinished one included.
    public var count: Int { min(finished.count, Self.capacity) + (pending.isEmpty ? 0 : 1) }

    /// The last `count` lines, the unfinished one included.
    public func last(_ count: Int) -> [Line] {
        var lines = Array(finished.suffix(min(count, Self.capacity)))
        if !pending.isEmpty { lines.append(Line(text: OutputText.clean(pending), elapsed: pendingElapsed)) }
        return Array(lines.suffix(count))
    }

    private mutating func grow(by bytes: ArraySlice<UInt8>) {
        pending.append(contentsOf: bytes)
        guard pending.count > Self.lineLimit else { return }
        // A line that is drawn over and over may be long; what follows its last return is what shows.
        if let mark = pending.dropLast().lastIndex(of: 0x0D) { pending.removeFirst(mark + 1) }
        if pending.count > Self.lineLimit { pending.removeLast(pending.count - Self.lineLimit) }
    }

    /// Where the last `capacity` lines of `piece` start; 0 when it has no more.
    private static func startOfLastLines(_ piece: [UInt8]) -> Int {
        guard piece.count > 8192 else { return 0 }
        var left = capacity + 1
        var index = piece.count
        while index > 0 {
            index -= 1
            guard piece[index] == 0x0A else { continue }
            left -= 1
            if left == 0 { return index + 1 }
        }
        return 0
    }
}
