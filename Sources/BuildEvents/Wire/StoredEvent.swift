// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// An event in its stored form, whose bytes never change.
///
/// Its canonical bytes are the JSON object of its six members with the keys in byte order and no white space, which is
/// also its line in a recording; `leaf` is the RFC 6962 leaf hash of them.
public struct StoredEvent: Equatable, Sendable {
    /// Its place in the log, from 1.
    public var seq: Int64
    /// The id of its build; empty for events of the store.
    public var build: String
    /// Its kind, e.g. `step.finished`.
    public var kind: String
    /// The version of the body's form.
    public var version: Int
    /// When it was appended, in nanoseconds since 1970-01-01 UTC.
    public var time: Int64
    /// The body: canonical JSON.
    public var body: [UInt8]

    /// Makes a stored event.
    public init(seq: Int64, build: String, kind: String, version: Int, time: Int64, body: [UInt8]) {
        self.seq = seq
        self.build = build
        self.kind = kind
        self.version = version
        self.time = time
        self.body = body
    }

    /// Makes the stored form of an event.
    public init(_ event: RecordedEvent) {
        let wire = event.event.wire
        self.init(
            seq: event.seq,
            build: event.build?.description ?? "",
            kind: wire.kind,
            version: wire.version,
            time: event.time.nanoseconds,
            body: wire.body
        )
    }
}

extension StoredEvent {
    /// `{"body":…,"build":"…","kind":"…","seq":…,"time":…,"version":…}`.
    public var canonicalBytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(body.count + 160)
        appendCanonical(to: &out)
        return out
    }

    /// The leaf hash: SHA-256 of a zero byte and the canonical bytes.
    ///
    /// Source: RFC 6962, section 2.1.
    public var leaf: ContentDigest {
        var out: [UInt8] = [0]
        out.reserveCapacity(body.count + 160)
        appendCanonical(to: &out)
        return ContentDigest(of: out)
    }

    private func appendCanonical(to out: inout [UInt8]) {
        out.append(contentsOf: #"{"body":"#.utf8)
        out.append(contentsOf: body)
        out.append(contentsOf: #","build":"#.utf8)
        Self.append(build, to: &out)
        out.append(contentsOf: #","kind":"#.utf8)
        Self.append(kind, to: &out)
        out.append(contentsOf: #","seq":"#.utf8)
        out.append(contentsOf: String(seq).utf8)
        out.append(contentsOf: #","time":"#.utf8)
        out.append(contentsOf: String(time).utf8)
        out.append(contentsOf: #","version":"#.utf8)
        out.append(contentsOf: String(version).utf8)
        out.append(UInt8(ascii: "}"))
    }

    private static func append(_ text: String, to out: inout [UInt8]) {
        out.append(contentsOf: JSONValue.string(text).canonicalBytes)
    }

    /// Reads a line of a recording; the bytes must be the canonical ones.
    ///
    /// - Throws: `WireError` for anything else.
    public init(line: some Collection<UInt8>) throws(WireError) {
        func fail(_ problem: String) -> WireError { WireError(kind: "?", member: "line", problem: problem) }
        guard let json = try? JSONValue(parsing: line), case .object(let members) = json else {
            throw fail("is no JSON object")
        }
        guard members.count == 6, let body = members["body"], let build = members["build"]?.text,
            let kind = members["kind"]?.text, let seq = members["seq"]?.integer, seq > 0,
            let time = members["time"]?.integer, let version = members["version"]?.integer
        else { throw fail("does not have the six members of an event") }
        self.init(
            seq: seq,
            build: build,
            kind: kind,
            version: Int(version),
            time: time,
            body: body.canonicalBytes
        )
        guard canonicalBytes.elementsEqual(line) else { throw fail("is not in canonical form") }
    }

    /// What it says, upcast to the newest version.
    ///
    /// - Throws: `WireError` when the body does not have the form of its kind and version.
    public func recorded(upcasters: Upcasters = .shipped) throws(WireError) -> RecordedEvent {
        guard let json = try? JSONValue(parsing: body) else {
            throw WireError(kind: kind, member: "body", problem: "is no JSON")
        }
        let id: BuildID?
        if build.isEmpty {
            id = nil
        } else if let parsed = try? BuildID(parsing: build) {
            id = parsed
        } else {
            throw WireError(kind: kind, member: "build", problem: "is no build id")
        }
        return RecordedEvent(
            seq: seq,
            build: id,
            time: Timestamp(nanoseconds: time),
            event: try BuildEvent(kind: kind, version: version, body: json, upcasters: upcasters)
        )
    }
}
