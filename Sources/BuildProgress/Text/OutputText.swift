// SPDX-License-Identifier: Apache-2.0

/// Bytes that a step printed, made into text that can do no harm to a terminal.
public enum OutputText {
    /// One line without its end: invalid UTF-8 replaced, escape sequences and control characters removed, tabs spread,
    /// and what a carriage return draws over left out.
    ///
    /// Source: ECMA-48, section 5.4 (control sequences) and 5.6 (control strings).
    public static func clean(_ line: some BidirectionalCollection<UInt8>) -> String {
        var visible = line[...]
        while visible.last == 0x0D { visible = visible.dropLast() }
        if let mark = visible.lastIndex(of: 0x0D) { visible = visible[visible.index(after: mark)...] }
        if !visible.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 }) {
            return String(decoding: visible, as: UTF8.self)
        }
        return withoutControls(String(decoding: visible, as: UTF8.self))
    }

    private static func withoutControls(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        var column = 0
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar.value {
            case 0x1B: skipEscape(&rest)
            case 0x09:
                let spaces = 8 - column % 8
                out.append(contentsOf: repeatElement(" ", count: spaces))
                column += spaces
            case ..<0x20, 0x7F...0x9F: break
            default:
                out.append(scalar)
                column += DisplayWidth.of(scalar)
            }
        }
        return String(out)
    }

    /// Drops what belongs to the escape sequence that has just begun.
    private static func skipEscape(_ rest: inout Substring.UnicodeScalarView) {
        guard let kind = rest.popFirst() else { return }
        switch kind {
        case "[":
            while let next = rest.popFirst(), !(0x40...0x7E).contains(next.value) {}
        case "]", "P", "X", "^", "_":
            while let next = rest.popFirst(), next.value != 0x07, next.value != 0x9C {
                if next.value == 0x1B {
                    if rest.first == "\\" { rest.removeFirst() }
                    return
                }
            }
        case "(", ")", "*", "+", "#", "%", " ": _ = rest.popFirst()
        default: break
        }
    }
}
