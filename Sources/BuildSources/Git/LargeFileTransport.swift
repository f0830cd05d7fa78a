// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
public import BuildModel
import NIOCore
import NIOHTTP1
import RegistryClient
public import SystemPackage

/// Fetches large files from where the repository is: from its `lfs/objects`, or by the batch protocol over HTTP.
///
/// For an SSH remote the server is taken to speak HTTPS under the same name and path, as git-lfs does.
///
/// Source: git-lfs, `docs/api/batch.md`, `docs/api/basic-transfers.md`, `docs/api/server-discovery.md`.
public struct LargeFileTransport: LargeFileFetching {
    private let firstPause: Duration

    /// Makes a transport.
    public init(firstPause: Duration = .milliseconds(500)) { self.firstPause = firstPause }

    /// Fetches the objects, each checked against its digest.
    public func fetch(
        _ objects: [(digest: ContentDigest, size: Int64)],
        of remote: GitRemote,
        authorization: String?,
        into folder: FilePath
    ) async throws {
        switch remote.scheme {
        case .file:
            for object in objects {
                let hex = object.digest.hex
                let middle = "\(hex.prefix(2))/\(hex.dropFirst(2).prefix(2))/\(hex)"
                let places = ["/lfs/objects/", "/.git/lfs/objects/"].map { FilePath(remote.path + $0 + middle) }
                try await Offload.run { try Self.copy(object, from: places, remote: remote, to: folder.appending(hex)) }
            }
        case .git:
            throw GitError(remote.url, .request("the git protocol has no large files; name the repository by https"))
        case .http, .https, .ssh:
            for start in stride(from: 0, to: objects.count, by: 100) {
                let part = Array(objects[start..<min(start + 100, objects.count)])
                try await fetchBatch(part, of: remote, authorization: authorization, into: folder)
            }
        }
    }

    // MARK: HTTP

    private func fetchBatch(
        _ objects: [(digest: ContentDigest, size: Int64)],
        of remote: GitRemote,
        authorization: String?,
        into folder: FilePath
    ) async throws {
        let actions = try await ask(objects, of: remote, authorization: authorization)
        for object in objects {
            guard let action = actions[object.digest], let url = action["href"]?.text else {
                throw GitError(remote.url, .noRef("LFS object \(object.digest.hex)"))
            }
            var request = HTTPRequest(url: url)
            request.headers = (action["header"]?.members ?? [:]).sorted { $0.key < $1.key }
                .compactMap { name, value in value.text.map { HTTPRequest.Header(name: name, value: $0) } }
            if URLText.origin(url) == remote.webOrigin, action["header"]?["Authorization"] == nil {
                request.authorization = authorization
            }
            try request.check()
            let partial = folder.appending("\(object.digest.hex).partial")
            let download = HTTPDownload(
                exchange: HTTPExchange(request: request, allowsPrivate: true),
                partial: partial,
                limit: object.size,
                firstPause: firstPause,
                note: { _ in }
            )
            _ = try await download.run(unless: nil)
            try await Offload.run {
                defer { download.discard() }
                try Self.copy(object, from: [partial], remote: remote, to: folder.appending(object.digest.hex))
            }
        }
    }

    /// Asks where the objects are.
    private func ask(
        _ objects: [(digest: ContentDigest, size: Int64)],
        of remote: GitRemote,
        authorization: String?
    ) async throws -> [ContentDigest: JSONValue] {
        let body: JSONValue = [
            "operation": "download", "transfers": ["basic"],
            "objects": .array(objects.map { ["oid": .string($0.digest.hex), "size": .integer($0.size)] }),
        ]
        let path = remote.path.hasSuffix(".git") ? remote.path : remote.path + ".git"
        var request = HTTPClientRequest(url: remote.webOrigin + path + "/info/lfs/objects/batch")
        request.method = .POST
        request.headers = [
            "Accept": "application/vnd.git-lfs+json", "Content-Type": "application/vnd.git-lfs+json",
            "User-Agent": "reel",
        ]
        if let authorization { request.headers.add(name: "Authorization", value: authorization) }
        request.body = .bytes(ByteBuffer(bytes: body.canonicalBytes))
        let response: HTTPClientResponse
        let bytes: [UInt8]
        do {
            response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
            bytes = Array(try await response.body.collect(upTo: 16 << 20).readableBytesView)
        } catch  where !(error is CancellationError) {
            throw GitError(remote.url, .unreachable(String("\(error)".prefix(200))))
        }
        switch response.status.code {
        case 200: break
        case 401, 403: throw GitError(remote.url, .denied("the LFS server answered \(response.status.code)"))
        default: throw GitError(remote.url, .program("the LFS server answered \(response.status.code)"))
        }
        var found: [ContentDigest: JSONValue] = [:]
        for object in try JSONValue(parsing: bytes)["objects"]?.elements ?? [] {
            guard let digest = object["oid"]?.text.flatMap({ try? ContentDigest(hex: $0) }) else { continue }
            found[digest] = object["actions"]?["download"]
        }
        return found
    }

    // MARK: Files

    private static func copy(
        _ object: (digest: ContentDigest, size: Int64),
        from places: [FilePath],
        remote: GitRemote,
        to target: FilePath
    ) throws {
        guard let place = try places.first(where: { try CacheFile.size($0) == object.size }) else {
            throw GitError(remote.url, .noRef("LFS object \(object.digest.hex)"))
        }
        let source = try FileDescriptor.open(place, .readOnly, options: [.closeOnExec, .noFollow])
        defer { try? source.close() }
        let (file, temporary) = try CacheFile.makeTemporary(beside: target)
        var hasher = SHA256Hasher()
        do {
            try file.closeAfter {
                var chunk = [UInt8](repeating: 0, count: 1 << 20)
                while true {
                    let count = try unsafe chunk.withUnsafeMutableBytes { try unsafe source.read(into: $0) }
                    if count == 0 { break }
                    let bytes = Array(chunk[..<count])
                    hasher.update(bytes)
                    _ = try file.writeAll(bytes)
                }
            }
            let actual = hasher.digest()
            guard actual == object.digest else {
                throw GitError(remote.url, .checksum(expected: object.digest.hex, actual: actual.hex))
            }
            try CacheFile.rename(temporary, to: target)
        } catch {
            CacheFile.remove(temporary)
            throw error
        }
    }
}

extension GitRemote {
    /// Where the repository's HTTP services are.
    var webOrigin: String {
        switch scheme {
        case .http: "http://\(host)"
        default: "https://\(scheme == .ssh ? String(host.prefix { $0 != ":" }) : host)"
        }
    }
}
