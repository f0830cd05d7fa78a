// SPDX-License-Identifier: Apache-2.0

/// A mode as chmod reads it, octal or symbolic, with a umask of 0.
///
/// Source: chmod(1); FreeBSD, setmode(3), whose order of effects tonistiigi/dchapes-mode keeps.
struct ModeChange: Equatable {
    private enum Step: Equatable {
        case set(UInt16)
        case clear(UInt16)
        /// Sets execute bits where one is set already, or on directories.
        case execute(UInt16)
        /// Copies the bits of the class at `shift` to `classes`.
        case copy(shift: Int, classes: UInt16, operation: UInt8)
    }

    private var steps: [Step] = []

    private static let standard: UInt16 = 0o6777
    private static let sticky: UInt16 = 0o1000

    /// Parses a mode; `nil` where chmod would refuse it.
    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard let first = rest.first else { return nil }
        if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) {
            guard let mode = UInt16(text, radix: 8), mode <= 0o7777 else { return nil }
            steps = [.clear(0o7777), .set(mode)]
            return
        }
        while true {
            guard parseClause(&rest) else { return nil }
            if rest.isEmpty { return }
            rest.removeFirst()
        }
    }

    /// Parses one clause up to its comma or the end.
    private mutating func parseClause(_ rest: inout ArraySlice<UInt8>) -> Bool {
        var who: UInt16 = 0
        while let byte = rest.first, let members = Self.members(byte) {
            who |= members
            rest.removeFirst()
        }
        var isEqualDone = false
        repeat {
            guard let operation = rest.popFirst(), "+-=".utf8.contains(operation) else { return false }
            if operation == UInt8(ascii: "=") { isEqualDone = false }
            who &= ~Self.sticky
            parsePermissions(&rest, operation, &who, &isEqualDone)
        } while !rest.isEmpty && rest.first != UInt8(ascii: ",")
        return true
    }

    private mutating func parsePermissions(
        _ rest: inout ArraySlice<UInt8>,
        _ operation: UInt8,
        _ who: inout UInt16,
        _ isEqualDone: inout Bool
    ) {
        var bits: UInt16 = 0
        var execute: UInt16 = 0
        func takesSpecial() -> Bool { who == 0 || who & ~0o007 != 0 }
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "r"): bits |= 0o444
            case UInt8(ascii: "w"): bits |= 0o222
            case UInt8(ascii: "x"): bits |= 0o111
            case UInt8(ascii: "X"): if operation == UInt8(ascii: "-") { bits |= 0o111 } else { execute |= 0o111 }
            case UInt8(ascii: "s"): if takesSpecial() { bits |= 0o6000 }
            case UInt8(ascii: "t"):
                if takesSpecial() {
                    who |= Self.sticky
                    bits |= Self.sticky
                }
            case UInt8(ascii: "u"), UInt8(ascii: "g"), UInt8(ascii: "o"):
                if bits != 0 { add(operation, who, bits) }
                bits = 0
                if operation == UInt8(ascii: "=") { isEqualDone = true }
                if execute != 0 { steps.append(.execute(who == 0 ? execute : who & execute)) }
                execute = 0
                steps.append(.copy(shift: Self.shift(byte), classes: Self.classes(who), operation: operation))
            default:
                finish(operation, who, bits, execute, &isEqualDone)
                return
            }
            rest.removeFirst()
        }
        finish(operation, who, bits, execute, &isEqualDone)
    }

    private mutating func finish(
        _ operation: UInt8,
        _ who: UInt16,
        _ bits: UInt16,
        _ execute: UInt16,
        _ isEqualDone: inout Bool
    ) {
        let isEqual = operation == UInt8(ascii: "=")
        if bits != 0 || (isEqual && !isEqualDone) {
            if isEqual { isEqualDone = true }
            add(operation, who, bits)
        }
        if execute != 0 { steps.append(.execute(who == 0 ? execute : who & execute)) }
    }

    private mutating func add(_ operation: UInt8, _ who: UInt16, _ bits: UInt16) {
        let effective = who == 0 ? bits : who & bits
        switch operation {
        case UInt8(ascii: "-"): steps.append(.clear(effective))
        case UInt8(ascii: "+"): steps.append(.set(effective))
        default: steps += [.clear(who == 0 ? Self.standard : who), .set(effective)]
        }
    }

    private static func members(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "a"): standard
        case UInt8(ascii: "u"): 0o4700
        case UInt8(ascii: "g"): 0o2070
        case UInt8(ascii: "o"): 0o007
        default: nil
        }
    }

    private static func shift(_ byte: UInt8) -> Int {
        byte == UInt8(ascii: "u") ? 6 : byte == UInt8(ascii: "g") ? 3 : 0
    }

    /// All bits of the classes that are named, or of all classes.
    private static func classes(_ who: UInt16) -> UInt16 {
        guard who != 0 else { return 0o777 }
        return (who & 0o400 != 0 ? 0o700 : 0) | (who & 0o040 != 0 ? 0o070 : 0) | (who & 0o004 != 0 ? 0o007 : 0)
    }

    /// The 12 permission bits that become of `mode`.
    func apply(to mode: UInt16, isDirectory: Bool) -> UInt16 {
        var result = mode
        for step in steps {
            switch step {
            case .set(let bits): result |= bits
            case .clear(let bits): result &= ~bits
            case .execute(let bits): if mode & 0o111 != 0 || isDirectory { result |= bits }
            case .copy(let shift, let classes, let operation):
                let value = result >> UInt16(shift) & 0o007
                let spread = (value << 6 | value << 3 | value) & classes
                switch operation {
                case UInt8(ascii: "+"): result |= spread
                case UInt8(ascii: "-"): result &= ~spread
                default: result = result & ~classes | spread
                }
            }
        }
        return result & 0o7777
    }
}
