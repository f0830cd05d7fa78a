// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import SystemPackage

/// What the HTTP source remembers, one small file for each thing.
extension HTTPStore {
    private func urlRecord(_ url: String) -> FilePath { folder.appending("urls").appending(ContentDigest(of: url).hex) }

    private func contentRecord(_ digest: ContentDigest) -> FilePath {
        folder.appending("contents").appending(digest.hex)
    }

    /// The file that names the layer of one form of some contents.
    func recordPath(_ request: HTTPRequest, _ content: Content, _ name: String, _ timestamps: TimestampPolicy)
        -> FilePath
    {
        let time =
            switch timestamps {
            case .clamp(let epoch): String(min(epoch, content.modified))
            case .keep: String(content.modified)
            }
        let parts = [
            "1", content.digest.hex, name, String(request.mode), String(request.uid), String(request.gid), time,
        ]
        return folder.appending("layers").appending(ContentDigest(of: parts.joined(separator: "\n")).hex)
    }

    /// What the URL gave last, if that is still here.
    func known(_ url: String) throws -> Content? {
        guard let bytes = try CacheFile.read(urlRecord(url)), let json = try? JSONValue(parsing: bytes),
            let digest = json["digest"]?.text.flatMap({ try? ContentDigest(parsing: $0) })
        else { return nil }
        var content = try content(digest)
        content?.validators = HTTPValidators(json: json)
        content?.name = json["name"]?.text
        content?.modified = json["time"]?.integer ?? 0
        return content
    }

    /// Contents with this digest, if they are here.
    func content(_ digest: ContentDigest) throws -> Content? {
        guard let bytes = try CacheFile.read(contentRecord(digest)), let json = try? JSONValue(parsing: bytes),
            let diffID = json["diffID"]?.text.flatMap({ try? ContentDigest(parsing: $0) }), layers.contains(diffID),
            let size = json["size"]?.integer
        else { return nil }
        return Content(
            digest: digest,
            size: size,
            diffID: diffID,
            modified: json["time"]?.integer ?? 0,
            name: json["name"]?.text
        )
    }

    /// Notes contents, and that the URL gave them.
    func remember(_ content: Content, url: String) throws {
        for name in ["urls", "contents", "layers"] { try CacheFile.makeFolder(folder.appending(name)) }
        let shared: [String: JSONValue] = [
            "time": .integer(content.modified), "name": content.name.map(JSONValue.string) ?? .null,
        ]
        let one: JSONValue = .object(
            shared.merging(["diffID": .string(content.diffID.description), "size": .integer(content.size)]) { $1 }
        )
        try CacheFile.write(one.canonicalBytes, to: contentRecord(content.digest))
        var two = shared
        two["digest"] = .string(content.digest.description)
        two["tag"] = content.validators?.tag.map(JSONValue.string)
        two["modified"] = content.validators?.modified.map(JSONValue.string)
        try CacheFile.write(JSONValue.object(two).canonicalBytes, to: urlRecord(url))
    }

    /// Notes the layer of one form of some contents.
    func remember(_ diffID: ContentDigest, _ record: FilePath) throws {
        try CacheFile.makeFolder(record.removingLastComponent())
        try CacheFile.write(Array(diffID.description.utf8), to: record)
    }
}
