// SPDX-License-Identifier: Apache-2.0

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
}
