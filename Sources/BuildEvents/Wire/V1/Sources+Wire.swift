// SPDX-License-Identifier: Apache-2.0

import BuildModel

extension SourceResolving: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(vertex: try reader.optionalDigest("vertex"), identifier: try reader.text("identifier"))
    }

    func write(to body: inout WireBody) {
        body.put("vertex", vertex)
        body.put("identifier", identifier)
    }
}

extension SourceResolved: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            identifier: try reader.text("identifier"),
            type: try reader.text("type"),
            pin: try reader.text("pin"),
            how: try reader.text("how"),
            movedFrom: try reader.optionalText("movedFrom"),
            layers: try reader.digests("layers"),
            blobs: try reader.digests("blobs"),
            details: try reader.textsByName("details"),
            happened: reader.happened
        )
    }

    func write(to body: inout WireBody) {
        body.put("identifier", identifier)
        body.put("type", type)
        body.put("pin", pin)
        body.put("how", how)
        body.put("movedFrom", movedFrom)
        body.put("layers", layers)
        body.put("blobs", blobs)
        body.put("details", details)
        body.put(happened: happened)
    }
}

extension ContextDigested: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            name: try reader.text("name"),
            digest: try reader.digest("digest"),
            manifest: try reader.digest("manifest"),
            layer: try reader.optionalDigest("layer"),
            files: Int(try reader.integer("files")),
            bytes: try reader.integer("bytes"),
            ignoreRules: try reader.optionalDigest("ignoreRules"),
            happened: reader.happened
        )
    }

    func write(to body: inout WireBody) {
        body.put("name", name)
        body.put("digest", digest)
        body.put("manifest", manifest)
        body.put("layer", layer)
        body.put("files", files)
        body.put("bytes", bytes)
        body.put("ignoreRules", ignoreRules)
        body.put(happened: happened)
    }
}

extension ContextSkipped: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(name: try reader.text("name"), path: try reader.text("path"), reason: try reader.text("reason"))
    }

    func write(to body: inout WireBody) {
        body.put("name", name)
        body.put("path", path)
        body.put("reason", reason)
    }
}

extension LayerFetched: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            layer: try reader.digest("layer"),
            blob: try reader.digest("blob"),
            source: try reader.text("source"),
            happened: reader.happened
        )
    }

    func write(to body: inout WireBody) {
        body.put("layer", layer)
        body.put("blob", blob)
        body.put("source", source)
        body.put(happened: happened)
    }
}
