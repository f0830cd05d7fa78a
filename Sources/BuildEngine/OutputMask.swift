// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Sandbox
import Synchronization

/// Replaces the values of secrets in what a step prints, also where a value is spread over several pieces.
final class OutputMask: Sendable {
    private let values: [[UInt8]]
    private let pending = Mutex<[OutputStream: [UInt8]]>([:])

    /// Makes a mask for values and for what they are in base64, in hexadecimal and in a URL; values of fewer than four
    /// bytes are too common to be told apart, and stay.
    init(values: [[UInt8]]) {
        var needles: Set<[UInt8]> = []
        for value in values where value.count >= 4 {
            for form in value.last == 0x0A ? [value, Array(value.dropLast())] : [value] {
                needles.formUnion(Self.spellings(of: form))
            }
        }
        self.values = needles.filter { $0.count >= 4 }.sorted {
            $0.count != $1.count ? $0.count > $1.count : $0.lexicographicallyPrecedes($1)
        }
    }

    private static func spellings(of value: [UInt8]) -> [[UInt8]] {
        let hexadecimal = value.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        let encoded = zip(value, hexadecimal).map { byte, digits in
            isUnreserved(byte) ? String(decoding: [byte], as: UTF8.self) : "%" + digits.uppercased()
        }
        // Base64 whose end may be followed by more: without the padding and the last character that it decides in part.
        let base64 = Base64.string(value[..<(value.count - value.count % 3)])
        let texts = [base64, hexadecimal.joined(), hexadecimal.joined().uppercased(), encoded.joined()]
        return [value] + texts.map { Array($0.utf8) }
    }

    /// Source: RFC 3986, section 2.3.
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }

    /// What of the pieces so far may be shown, with each value replaced by `***`.
    func apply(_ chunk: OutputChunk) -> [OutputChunk] {
        guard !values.isEmpty else { return [chunk] }
        let bytes = pending.withLock { pending in
            var held = (pending[chunk.stream] ?? []) + chunk.bytes
            let shown = Self.masked(&held, values: values)
            pending[chunk.stream] = held
            return shown
        }
        return bytes.isEmpty ? [] : [OutputChunk(stream: chunk.stream, offset: chunk.offset, bytes: bytes)]
    }

    /// What was held back because a value could have started in it.
    func finish() -> [OutputChunk] {
        pending.withLock { pending in
            defer { pending.removeAll() }
            return pending.filter { !$0.value.isEmpty }.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { OutputChunk(stream: $0.key, offset: 0, bytes: $0.value) }
        }
    }

    /// Takes what is decided from `held`, and leaves the longest tail that a value could start with.
    private static func masked(_ held: inout [UInt8], values: [[UInt8]]) -> [UInt8] {
        var shown: [UInt8] = []
        var at = 0
        while at < held.count {
            let rest = held[at...]
            if let value = values.first(where: { rest.starts(with: $0) }) {
                shown += Array("***".utf8)
                at += value.count
            } else if values.contains(where: { $0.count > rest.count && $0.starts(with: rest) }) {
                break
            } else {
                shown.append(held[at])
                at += 1
            }
        }
        held.removeFirst(at)
        return shown
    }
}
