// SPDX-License-Identifier: Apache-2.0

import BuildModel

extension BuildStarted: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            frontend: try reader.text("frontend"),
            options: try reader.textsByName("options"),
            tags: try reader.texts("tags"),
            engine: try reader.text("engine"),
            semantics: Int(try reader.integer("semantics")),
            platform: try reader.text("platform"),
            of: try reader.optionalBuildID("of"),
            relation: try reader.optionalText("relation"),
            happened: reader.happened
        )
    }

    func write(to body: inout WireBody) {
        body.put("frontend", frontend)
        body.put("options", options)
        body.put("tags", tags)
        body.put("engine", engine)
        body.put("semantics", semantics)
        body.put("platform", platform)
        body.put("of", of)
        body.put("relation", relation)
        body.put(happened: happened)
    }
}

extension DefinitionLoaded: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            definition: try reader.digest("definition"),
            config: try reader.optionalDigest("config"),
            platform: try reader.text("platform"),
            dockerfile: try reader.optionalDigest("dockerfile"),
            vertices: Int(try reader.integer("vertices"))
        )
    }

    func write(to body: inout WireBody) {
        body.put("definition", definition)
        body.put("config", config)
        body.put("platform", platform)
        body.put("dockerfile", dockerfile)
        body.put("vertices", vertices)
    }
}

extension BuildFinished: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            results: try reader.digestsByName("results"),
            image: try reader.optionalDigest("image"),
            happened: reader.happened
        )
    }

    func write(to body: inout WireBody) {
        body.put("results", results)
        body.put("image", image)
        body.put(happened: happened)
    }
}

extension BuildFailed: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        guard let fault = FaultKind(rawValue: try reader.text("fault")) else {
            throw reader.fail("fault", "is no kind of trouble known here")
        }
        self.init(
            fault: fault,
            message: try reader.text("message"),
            vertex: try reader.optionalDigest("vertex"),
            happened: reader.happened
        )
    }

    func write(to body: inout WireBody) {
        body.put("fault", fault.rawValue)
        body.put("message", message)
        body.put("vertex", vertex)
        body.put(happened: happened)
    }
}

extension BuildCancelled: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(reason: try reader.text("reason"), happened: reader.happened)
    }

    func write(to body: inout WireBody) {
        body.put("reason", reason)
        body.put(happened: happened)
    }
}
