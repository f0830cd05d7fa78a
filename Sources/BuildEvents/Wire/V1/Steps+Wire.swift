// SPDX-License-Identifier: Apache-2.0

import BuildModel

extension StepKeyed: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            vertex: try reader.digest("vertex"),
            name: try reader.text("name"),
            key: try reader.digest("key"),
            preimage: try reader.digest("preimage")
        )
    }

    func write(to body: inout WireBody) {
        body.put("vertex", vertex)
        body.put("name", name)
        body.put("key", key)
        body.put("preimage", preimage)
    }
}

extension StepReused: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            vertex: try reader.digest("vertex"),
            key: try reader.digest("key"),
            producer: reader.happened["producer"]?.integer ?? 0,
            origin: try reader.text("origin"),
            results: try reader.results("results")
        )
    }

    func write(to body: inout WireBody) {
        body.put("vertex", vertex)
        body.put("key", key)
        body.put(happened: ["producer": .integer(producer)])
        body.put("origin", origin)
        body.put("results", results)
    }
}

extension StepStarted: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            vertex: try reader.digest("vertex"),
            key: try reader.digest("key"),
            operation: try reader.text("operation"),
            argv: try reader.texts("argv"),
            mounts: try reader.texts("mounts"),
            network: try reader.text("network"),
            capabilities: try reader.texts("capabilities"),
            seccomp: try reader.optionalDigest("seccomp"),
            happened: reader.happened
        )
    }

    func write(to body: inout WireBody) {
        body.put("vertex", vertex)
        body.put("key", key)
        body.put("operation", operation)
        body.put("argv", argv)
        body.put("mounts", mounts)
        body.put("network", network)
        body.put("capabilities", capabilities)
        body.put("seccomp", seccomp)
        body.put(happened: happened)
    }
}

extension StepOutput: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            vertex: try reader.digest("vertex"),
            blob: try reader.digest("blob"),
            bytes: try reader.integer("bytes")
        )
    }

    func write(to body: inout WireBody) {
        body.put("vertex", vertex)
        body.put("blob", blob)
        body.put("bytes", bytes)
    }
}

extension StepFinished: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            vertex: try reader.digest("vertex"),
            key: try reader.digest("key"),
            results: try reader.results("results"),
            happened: reader.happened
        )
    }

    func write(to body: inout WireBody) {
        body.put("vertex", vertex)
        body.put("key", key)
        body.put("results", results)
        body.put(happened: happened)
    }
}

extension StepFailed: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            vertex: try reader.digest("vertex"),
            key: try reader.optionalDigest("key"),
            message: try reader.text("message"),
            exitCode: try reader.optionalInt32("exitCode"),
            signal: try reader.optionalInt32("signal"),
            outOfMemory: try reader.boolean("outOfMemory"),
            happened: reader.happened
        )
    }

    func write(to body: inout WireBody) {
        body.put("vertex", vertex)
        body.put("key", key)
        body.put("message", message)
        body.put("exitCode", exitCode)
        body.put("signal", signal)
        body.put("outOfMemory", outOfMemory)
        body.put(happened: happened)
    }
}

extension StepSkipped: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(
            name: try reader.text("name"),
            vertex: try reader.optionalDigest("vertex"),
            reason: try reader.text("reason")
        )
    }

    func write(to body: inout WireBody) {
        body.put("name", name)
        body.put("vertex", vertex)
        body.put("reason", reason)
    }
}

extension SecretUsed: WirePayload {
    init(from reader: WireReader) throws(WireError) {
        self.init(vertex: try reader.digest("vertex"), id: try reader.text("id"))
    }

    func write(to body: inout WireBody) {
        body.put("vertex", vertex)
        body.put("id", id)
    }
}
