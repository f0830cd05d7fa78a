// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel

/// Events and output as JSON lines (`--progress=rawjson`).
public enum EventLine {
    /// `{"body":…,"kind":"…","time":"…","version":…}` and a line end; the body is the one that the log holds.
    public static func text(for event: BuildEvent, at time: Timestamp) -> String {
        let wire = event.wire
        let head = #"{"body":"# + String(decoding: wire.body, as: UTF8.self)
        let kind = JSONValue.string(wire.kind).canonicalText
        return head + #","kind":\#(kind),"time":"\#(time.rfc3339)","version":\#(wire.version)}"# + "\n"
    }

    /// A piece of output, which is no event and so has `output` and no `kind`.
    ///
    /// `text` holds what is valid UTF-8; other pieces have their bytes as hexadecimal digits in `hex`.
    public static func text(
        forOutput bytes: [UInt8],
        stream: UInt8,
        of vertex: ContentDigest,
        elapsed: Int64
    ) -> String {
        var members: [String: JSONValue] = [
            "output": .string(stream == 1 ? "stdout" : "stderr"), "vertex": .string(vertex.description),
            "elapsed": .integer(elapsed),
        ]
        if let text = String(validating: bytes, as: UTF8.self) {
            members["text"] = .string(text)
        } else {
            members["hex"] = .string(Hexadecimal.string(bytes))
        }
        return JSONValue.object(members).canonicalText + "\n"
    }
}
