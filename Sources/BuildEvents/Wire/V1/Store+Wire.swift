// SPDX-License-Identifier: Apache-2.0

import BuildModel

extension BlobFault: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(digest: try reader.digest("digest"), context: try reader.text("context"))
    }

    func write(to body: inout WireBody) {
        body.put("digest", digest)
        body.put("context", context)
    }
}

extension BlobsPruned: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            digests: try reader.digests("digests"),
            bytes: try reader.integer("bytes"),
            reason: try reader.text("reason")
        )
    }

    func write(to body: inout WireBody) {
        body.put("digests", digests)
        body.put("bytes", bytes)
        body.put("reason", reason)
    }
}

extension RecordingImported: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            recording: try reader.digest("recording"),
            events: try reader.digest("events"),
            builds: try reader.buildIDs("builds"),
            layers: try reader.digests("layers"),
            blobs: try reader.digests("blobs")
        )
    }

    func write(to body: inout WireBody) {
        body.put("recording", recording)
        body.put("events", events)
        body.put("builds", builds)
        body.put("layers", layers)
        body.put("blobs", blobs)
    }
}

extension LogCheckpointed: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(size: try reader.integer("size"), root: try reader.digest("root"), note: try reader.digest("note"))
    }

    func write(to body: inout WireBody) {
        body.put("size", size)
        body.put("root", root)
        body.put("note", note)
    }
}

extension LogRecovered: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(kept: try reader.integer("kept"), lost: try reader.texts("lost"), happened: reader.happened)
    }

    func write(to body: inout WireBody) {
        body.put("kept", kept)
        body.put("lost", lost)
        body.put(happened: happened)
    }
}

extension Fallback: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(subject: try reader.text("subject"), reason: try reader.text("reason"))
    }

    func write(to body: inout WireBody) {
        body.put("subject", subject)
        body.put("reason", reason)
    }
}
