// SPDX-License-Identifier: Apache-2.0

/// A pattern as a state machine whose states are the bits of one word (or more), so that matching takes time in
/// proportion to the path and never goes back.
///
/// State `i` means that everything before instruction `i` has matched; the last state accepts.
struct GlobProgram: Sendable {
    private enum Instruction: Sendable {
        case one(GlobToken)
        /// Repeats over all but `/`, and may be left at any time.
        case star
        /// Repeats over all but line feeds, and may be left at any time.
        case anything
        /// Goes on to the next two states without reading.
        case fork
        /// Repeats over all but line feeds, and is left by a `/` only.
        case untilSlash
    }

    private let instructions: [Instruction]
    /// For each ASCII character: the states that go one on, and the states that stay.
    private let advance: [Bits]
    private let stay: [Bits]
    /// States that may go one on without reading, and states that may go two on.
    private let skip: Bits
    private let fork: Bits
    private let start: Bits

    init(_ tokens: [GlobToken]) {
        var list: [Instruction] = []
        for token in tokens {
            switch token {
            case .star: list.append(.star)
            case .anything: list.append(.anything)
            case .anyDirectories: list += [.fork, .untilSlash]
            default: list.append(.one(token))
            }
        }
        instructions = list
        let width = list.count + 1
        var skip = Bits(width: width)
        var fork = Bits(width: width)
        for (index, instruction) in list.enumerated() {
            switch instruction {
            case .star, .anything: skip.insert(index)
            case .fork:
                skip.insert(index)
                fork.insert(index)
            default: break
            }
        }
        self.skip = skip
        self.fork = fork
        var advance: [Bits] = []
        var stay: [Bits] = []
        for scalar in UInt32(0)..<128 {
            let (on, here) = Self.masks(list, for: scalar)
            advance.append(on)
            stay.append(here)
        }
        self.advance = advance
        self.stay = stay
        var first = Bits(width: width)
        first.insert(0)
        start = first.closed(skip: skip, fork: fork)
    }

    private static func masks(_ list: [Instruction], for scalar: UInt32) -> (advance: Bits, stay: Bits) {
        var advance = Bits(width: list.count + 1)
        var stay = Bits(width: list.count + 1)
        let isSlash = scalar == UInt32(PathBytes.slash)
        for (index, instruction) in list.enumerated() {
            switch instruction {
            case .one(let token): if token.accepts(scalar) { advance.insert(index) }
            case .star: if !isSlash { stay.insert(index) }
            case .anything: if scalar != 10 { stay.insert(index) }
            case .untilSlash:
                if scalar != 10 { stay.insert(index) }
                if isSlash { advance.insert(index) }
            case .fork: break
            }
        }
        return (advance, stay)
    }

    /// The states after `path`, from the start.
    private func states(after path: Span<UInt8>) -> Bits {
        var states = start
        var at = 0
        while at < path.count, !states.isEmpty {
            let (scalar, width) = Scalars.decode(path, at: at)
            at += width
            if scalar < 128 {
                states = states.step(advance: advance[Int(scalar)], stay: stay[Int(scalar)])
            } else {
                let (on, here) = Self.masks(instructions, for: scalar)
                states = states.step(advance: on, stay: here)
            }
            states = states.closed(skip: skip, fork: fork)
        }
        return states
    }

    /// Whether all of `path` matches.
    func matches(_ path: Span<UInt8>) -> Bool { states(after: path).contains(instructions.count) }

    /// Whether some longer path that starts with `prefix` can match.
    func canMatch(beyond prefix: [UInt8]) -> Bool {
        var states = states(after: prefix.span)
        states.remove(instructions.count)
        return !states.isEmpty
    }
}

extension GlobToken {
    /// Whether this element, which stands for one character, accepts it.
    func accepts(_ scalar: UInt32) -> Bool {
        switch self {
        case .scalar(let wanted): scalar == wanted
        case .anyScalar: scalar != UInt32(PathBytes.slash)
        case .set(let ranges, let negated): ranges.contains { $0.contains(scalar) } != negated
        default: false
        }
    }
}

/// A set of small numbers: one word, and more only where they are needed.
struct Bits: Sendable {
    private var low: UInt64 = 0
    private var high: [UInt64]

    init(width: Int) { high = width <= 64 ? [] : Array(repeating: 0, count: (width - 1) / 64) }

    var isEmpty: Bool { low == 0 && high.allSatisfy { $0 == 0 } }

    func contains(_ index: Int) -> Bool {
        (index < 64 ? low : high[index / 64 - 1]) >> UInt64(index % 64) & 1 == 1
    }

    mutating func insert(_ index: Int) {
        if index < 64 { low |= 1 << UInt64(index) } else { high[index / 64 - 1] |= 1 << UInt64(index % 64) }
    }

    mutating func remove(_ index: Int) {
        if index < 64 { low &= ~(1 << UInt64(index)) } else { high[index / 64 - 1] &= ~(1 << UInt64(index % 64)) }
    }

    /// The states in `advance` moved one on, and those in `stay` as they are.
    @inline(__always)
    func step(advance: Bits, stay: Bits) -> Bits {
        if high.isEmpty {
            var out = self
            out.low = (low & advance.low) << 1 | (low & stay.low)
            return out
        }
        return intersection(advance).shifted(by: 1).union(intersection(stay))
    }

    /// With everything that is reached without reading.
    @inline(__always)
    func closed(skip: Bits, fork: Bits) -> Bits {
        var out = self
        if high.isEmpty {
            while true {
                let next = out.low | (out.low & skip.low) << 1 | (out.low & fork.low) << 2
                if next == out.low { return out }
                out.low = next
            }
        }
        while true {
            let next = out.union(out.intersection(skip).shifted(by: 1)).union(out.intersection(fork).shifted(by: 2))
            if next.low == out.low, next.high == out.high { return out }
            out = next
        }
    }

    private func intersection(_ other: Bits) -> Bits {
        var out = self
        out.low &= other.low
        for index in high.indices { out.high[index] &= other.high[index] }
        return out
    }

    private func union(_ other: Bits) -> Bits {
        var out = self
        out.low |= other.low
        for index in high.indices { out.high[index] |= other.high[index] }
        return out
    }

    /// `count` is 1 or 2.
    private func shifted(by count: UInt64) -> Bits {
        var out = self
        var carry = low >> (64 - count)
        out.low = low << count
        for index in high.indices {
            out.high[index] = high[index] << count | carry
            carry = high[index] >> (64 - count)
        }
        return out
    }
}
