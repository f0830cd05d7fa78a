// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import LLBProto
import SwiftProtobuf

extension Definition {
    /// One JSON object a line, with `Digest`, `Op` and `OpMetadata`, as `buildctl debug dump-llb` prints.
    ///
    /// Keys are in byte order. The last line is the vertex that names the result. The objects hold what Go's
    /// `encoding/json` makes of BuildKit's structures, its omissions included: a symlink action appears empty, as it
    /// does there, and an owner of id 0 too.
    ///
    /// Source: BuildKit, `cmd/buildctl/debug/dumpllb.go`, `solver/pb/json.go`.
    public func dumpJSONLines() -> String {
        dumpedVertices().map { $0.canonicalText + "\n" }.joined()
    }

    /// The objects of `dumpJSONLines()`, in the order of the wire.
    public func dumpedVertices() -> [JSONValue] {
        guard output != nil else { return [] }
        var lines = wireOrder.map { Self.line($0.bytes, $0.digest, $0.metadata) }
        lines.append(Self.line(closingBytes, ContentDigest(of: closingBytes), outputMetadata))
        return lines
    }

    private static func line(_ bytes: [UInt8], _ digest: ContentDigest, _ metadata: VertexMetadata) -> JSONValue {
        let op = (try? PBOp(serializedBytes: bytes)) ?? PBOp()
        return ["Op": op.dumped, "Digest": .string(digest.description), "OpMetadata": metadata.dumped]
    }
}

/// Collects the members of an object, leaving out what Go's `omitempty` leaves out.
struct GoObject {
    /// The members so far.
    private(set) var members: [String: JSONValue] = [:]

    /// The object.
    var value: JSONValue { .object(members) }

    mutating func set(_ key: String, _ value: JSONValue?) {
        if let value { members[key] = value }
    }

    mutating func text(_ key: String, _ value: String) {
        if !value.isEmpty { members[key] = .string(value) }
    }

    mutating func number(_ key: String, _ value: some FixedWidthInteger) {
        guard value != 0 else { return }
        members[key] = Int64(exactly: value).map(JSONValue.integer) ?? .number(String(value))
    }

    mutating func flag(_ key: String, _ value: Bool) {
        if value { members[key] = .boolean(true) }
    }

    mutating func texts(_ key: String, _ values: [String]) {
        if !values.isEmpty { members[key] = JSONValue(values) }
    }

    mutating func texts(_ key: String, _ values: [String: String]) {
        if !values.isEmpty { members[key] = JSONValue(values) }
    }

    mutating func data(_ key: String, _ value: some Collection<UInt8>) {
        if !value.isEmpty { members[key] = .string(Base64.string(value)) }
    }

    mutating func list(_ key: String, _ values: [JSONValue]) {
        if !values.isEmpty { members[key] = .array(values) }
    }

    mutating func map(_ key: String, _ values: [String: JSONValue]) {
        if !values.isEmpty { members[key] = .object(values) }
    }

    /// Makes an object in place.
    static func make(_ fill: (inout GoObject) -> Void) -> JSONValue {
        var object = GoObject()
        fill(&object)
        return object.value
    }
}

/// Standard base64 with padding.
///
/// Source: RFC 4648, section 4.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func string(_ bytes: some Collection<UInt8>) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        var group: [UInt8] = []
        func flush() {
            let word = group.enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element) << UInt32(16 - 8 * $1.offset) }
            for position in 0..<4 {
                let digit = alphabet[Int(word >> UInt32(18 - 6 * position) & 63)]
                out.append(position <= group.count ? digit : UInt8(ascii: "="))
            }
            group.removeAll(keepingCapacity: true)
        }
        for byte in bytes {
            group.append(byte)
            if group.count == 3 { flush() }
        }
        if !group.isEmpty { flush() }
        return String(decoding: out, as: UTF8.self)
    }
}

extension VertexMetadata {
    /// As Go's `encoding/json` writes an `OpMetadata`.
    var dumped: JSONValue {
        .make { object in
            object.flag("ignore_cache", ignoresCache)
            object.texts("description", description)
            if let exportsCache { object.set("export_cache", .make { $0.flag("Value", exportsCache) }) }
            object.map("caps", capabilities.mapValues(JSONValue.boolean))
            if let group = progressGroup {
                object.set(
                    "progress_group",
                    .make {
                        $0.text("id", group.id)
                        $0.text("name", group.name)
                        $0.flag("weak", group.isWeak)
                    }
                )
            }
            if let resources { object.set("linux_resources", resources.dumped) }
        }
    }
}

extension ResourceAllowance {
    fileprivate var dumped: JSONValue {
        .make { object in
            object.number("memory", memory)
            object.number("memorySwap", memoryAndSwap)
            object.number("cpuShares", cpuShares)
            object.number("cpuPeriod", cpuPeriod)
            object.number("cpuQuota", cpuQuota)
            object.text("cpusetCpus", cpus)
            object.text("cpusetMems", memoryNodes)
        }
    }
}

extension JSONValue {
    /// An object without the members that are empty.
    static func make(_ fill: (inout GoObject) -> Void) -> JSONValue { GoObject.make(fill) }
}
