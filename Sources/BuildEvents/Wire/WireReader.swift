// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// A body of the newest version, while a payload is read from it.
struct WireReader {
    let kind: String
    let body: WireBody

    func fail(_ member: String, _ problem: String) -> WireError {
        WireError(kind: kind, member: member, problem: problem)
    }

    private func require(_ key: String) throws(WireError) -> JSONValue {
        guard let value = body.semantic[key] else { throw fail(key, "is missing") }
        return value
    }

    func optionalText(_ key: String) throws(WireError) -> String? {
        guard let value = body.semantic[key] else { return nil }
        guard let text = value.text else { throw fail(key, "is no text") }
        return text
    }

    func text(_ key: String) throws(WireError) -> String {
        guard let text = try require(key).text else { throw fail(key, "is no text") }
        return text
    }

    func integer(_ key: String) throws(WireError) -> Int64 {
        guard let value = try require(key).integer else { throw fail(key, "is no integer") }
        return value
    }

    func optionalInt32(_ key: String) throws(WireError) -> Int32? {
        guard body.semantic[key] != nil else { return nil }
        guard let value = Int32(exactly: try integer(key)) else { throw fail(key, "is too large") }
        return value
    }

    func boolean(_ key: String) throws(WireError) -> Bool { try integer(key) != 0 }

    func texts(_ key: String) throws(WireError) -> [String] {
        guard let elements = try require(key).elements else { throw fail(key, "is no array") }
        var out: [String] = []
        for element in elements {
            guard let text = element.text else { throw fail(key, "holds something that is no text") }
            out.append(text)
        }
        return out
    }

    func textsByName(_ key: String) throws(WireError) -> [String: String] {
        guard let members = try require(key).members else { throw fail(key, "is no object") }
        var out: [String: String] = [:]
        for (name, value) in members {
            guard let text = value.text else { throw fail(key, "holds something that is no text") }
            out[name] = text
        }
        return out
    }

    private func parse(_ key: String, _ text: String) throws(WireError) -> ContentDigest {
        guard let digest = try? ContentDigest(parsing: text) else { throw fail(key, "is no digest") }
        return digest
    }

    func digest(_ key: String) throws(WireError) -> ContentDigest { try parse(key, try text(key)) }

    func optionalDigest(_ key: String) throws(WireError) -> ContentDigest? {
        guard let text = try optionalText(key) else { return nil }
        return try parse(key, text)
    }

    func digests(_ key: String) throws(WireError) -> [ContentDigest] {
        var out: [ContentDigest] = []
        for text in try texts(key) { out.append(try parse(key, text)) }
        return out
    }

    func digestsByName(_ key: String) throws(WireError) -> [String: ContentDigest] {
        var out: [String: ContentDigest] = [:]
        for (name, text) in try textsByName(key) { out[name] = try parse(key, text) }
        return out
    }

    func buildID(_ key: String) throws(WireError) -> BuildID {
        guard let id = try? BuildID(parsing: try text(key)) else { throw fail(key, "is no build id") }
        return id
    }

    func optionalBuildID(_ key: String) throws(WireError) -> BuildID? {
        body.semantic[key] == nil ? nil : try buildID(key)
    }

    func buildIDs(_ key: String) throws(WireError) -> [BuildID] {
        var out: [BuildID] = []
        for text in try texts(key) {
            guard let id = try? BuildID(parsing: text) else { throw fail(key, "holds something that is no build id") }
            out.append(id)
        }
        return out
    }

    func results(_ key: String) throws(WireError) -> [StepResult] {
        guard let elements = try require(key).elements else { throw fail(key, "is no array") }
        var out: [StepResult] = []
        for element in elements { out.append(try StepResult(json: element, kind: kind)) }
        return out
    }

    var happened: Happened { body.volatile }
}
