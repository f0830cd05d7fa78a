// SPDX-License-Identifier: Apache-2.0

/// Writes protobuf fields in the order of the calls, leaving out what has its default value.
///
/// Source: Protocol Buffers, "Encoding". Go's deterministic marshalling writes the fields of a message by number, those
/// of a oneof last, and maps by key; the callers keep that order.
struct WireWriter {
    /// What was written so far.
    private(set) var bytes: [UInt8] = []

    /// A number or an enumeration, sign-extended to 64 bits; 0 is left out.
    mutating func integer(_ field: Int, _ value: Int64) {
        if value != 0 { forced(field, UInt64(bitPattern: value)) }
    }

    /// A number; 0 is left out.
    mutating func unsigned(_ field: Int, _ value: UInt64) {
        if value != 0 { forced(field, value) }
    }

    /// An index whose absence the wire spells -1.
    mutating func index(_ field: Int, _ value: Int?) { integer(field, value.map(Int64.init) ?? -1) }

    /// A number, 0 too, as members of a oneof and of a map entry are written.
    mutating func forced(_ field: Int, _ value: UInt64) {
        tag(field, 0)
        varint(value)
    }

    /// A truth value; `false` is left out.
    mutating func boolean(_ field: Int, _ value: Bool) { unsigned(field, value ? 1 : 0) }

    /// A text; an empty one is left out.
    mutating func text(_ field: Int, _ value: String) {
        if !value.isEmpty { element(field, value.utf8) }
    }

    /// Bytes; none are left out.
    mutating func data(_ field: Int, _ value: [UInt8]) {
        if !value.isEmpty { element(field, value) }
    }

    /// Texts of a repeated field, empty ones too.
    mutating func texts(_ field: Int, _ values: [String]) {
        for value in values { element(field, value.utf8) }
    }

    /// Numbers of a repeated field, packed.
    mutating func packed(_ field: Int, _ values: [Int64]) {
        guard !values.isEmpty else { return }
        var inner = WireWriter()
        for value in values { inner.varint(UInt64(bitPattern: value)) }
        element(field, inner.bytes)
    }

    /// A message, an empty one too.
    mutating func message(_ field: Int, _ write: (inout WireWriter) -> Void) {
        var inner = WireWriter()
        write(&inner)
        element(field, inner.bytes)
    }

    /// A map whose keys are texts: entries by the bytes of their keys, both fields always present.
    mutating func map<Value>(_ field: Int, _ values: [String: Value], _ write: (inout WireWriter, Value) -> Void) {
        for (key, value) in values.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            message(field) { entry in
                entry.element(1, key.utf8)
                write(&entry, value)
            }
        }
    }

    /// A length-delimited field, an empty one too.
    mutating func element(_ field: Int, _ content: some Collection<UInt8>) {
        tag(field, 2)
        varint(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    private mutating func tag(_ field: Int, _ type: UInt64) { varint(UInt64(field) << 3 | type) }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
