// SPDX-License-Identifier: Apache-2.0

import BuildModel

extension ExportStarted: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            exporter: try reader.text("exporter"),
            options: try reader.textsByName("options"),
            happened: reader.happened
        )
    }

    func write(to body: inout WireBody) {
        body.put("exporter", exporter)
        body.put("options", options)
        body.put(happened: happened)
    }
}

extension ExportFinished: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            exporter: try reader.text("exporter"),
            digests: try reader.digestsByName("digests"),
            names: try reader.texts("names"),
            happened: reader.happened
        )
    }

    func write(to body: inout WireBody) {
        body.put("exporter", exporter)
        body.put("digests", digests)
        body.put("names", names)
        body.put(happened: happened)
    }
}

extension ReplayCompared: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            original: try reader.buildID("original"),
            vertex: try reader.optionalDigest("vertex"),
            subject: try reader.text("subject"),
            expected: try reader.text("expected"),
            actual: try reader.text("actual"),
            identical: try reader.boolean("identical")
        )
    }

    func write(to body: inout WireBody) {
        body.put("original", original)
        body.put("vertex", vertex)
        body.put("subject", subject)
        body.put("expected", expected)
        body.put("actual", actual)
        body.put("identical", identical)
    }
}

extension CacheTransfer: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            type: try reader.text("type"),
            name: try reader.text("name"),
            digest: try reader.digest("digest"),
            keys: Int(try reader.integer("keys"))
        )
    }

    func write(to body: inout WireBody) {
        body.put("type", type)
        body.put("name", name)
        body.put("digest", digest)
        body.put("keys", keys)
    }
}

extension ImageStored: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            names: try reader.texts("names"),
            manifest: try reader.digest("manifest"),
            size: try reader.integer("size"),
            config: try reader.digest("config"),
            platform: try reader.text("platform"),
            layers: try reader.digests("layers"),
            origin: try reader.text("origin")
        )
    }

    func write(to body: inout WireBody) {
        body.put("names", names)
        body.put("manifest", manifest)
        body.put("size", size)
        body.put("config", config)
        body.put("platform", platform)
        body.put("layers", layers)
        body.put("origin", origin)
    }
}

extension ImageUntagged: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(name: try reader.text("name"))
    }

    func write(to body: inout WireBody) {
        body.put("name", name)
    }
}
