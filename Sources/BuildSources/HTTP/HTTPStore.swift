// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import Layers
import RegistryClient
public import SystemPackage

/// A URL that became a layer with one file.
public struct HTTPLayer: Hashable, Sendable {
    /// The SHA-256 of the contents, which is the pin.
    public var digest: ContentDigest
    /// The file's name.
    public var name: String
    /// Its length in bytes.
    public var size: Int64
    /// The layer that holds it.
    public var diffID: ContentDigest
    /// `remote` (fetched), `revalidated` (the server said that nothing changed), or `cache` (nobody was asked).
    public var how: String
    /// Bytes received.
    public var bytes: Int64 = 0
    /// Requests made, redirects not counted.
    public var calls = 0
    /// The places that the request was sent on to, without their queries.
    public var redirects: [String] = []
}

/// The HTTP source: what is known of each URL, and which layers hold what it gave.
///
/// In its folder, all of which can be removed when no build runs: `urls/` (validators and digest by URL), `contents/` (a
/// layer that has the contents, by digest), `layers/` (by digest, name and attributes), `partial/` (what arrived so far).
public struct HTTPStore: Sendable {
    /// Whether the network may be asked.
    public enum Reach: Hashable, Sendable {
        /// It may.
        case remote
        /// It may not, and only contents named by their digest will do.
        case offline
        /// It may not; a URL means what it gave last.
        case offlineWithLast
    }

    /// The largest contents where nothing else is said: 16 GiB.
    public static let defaultLimit: Int64 = 16 << 30

    let folder: FilePath
    let layers: LayerStore
    let lock: @Sendable (String) async throws -> any Sendable
    let firstPause: Duration

    /// Names the store; nothing is made yet.
    ///
    /// - Parameters:
    ///   - folder: Its folder.
    ///   - layers: Where the layers go.
    ///   - firstPause: The pause before a failed request is repeated for the first time.
    ///   - lock: Takes the lock of a name, held across processes until the value that it gives is released.
    public init(
        folder: FilePath,
        layers: LayerStore,
        firstPause: Duration = .milliseconds(500),
        lock: @escaping @Sendable (String) async throws -> any Sendable
    ) {
        self.folder = folder
        self.layers = layers
        self.firstPause = firstPause
        self.lock = lock
    }

    /// What a file is known by, whatever it is called.
    struct Content {
        var digest: ContentDigest
        var size: Int64
        /// A layer with one file that has it.
        var diffID: ContentDigest
        /// The server's time of it, in seconds since 1970.
        var modified: Int64
        /// The name that the server suggested.
        var name: String?
        var validators: HTTPValidators?
    }

    /// The layer that holds what a URL gives.
    ///
    /// - Parameters:
    ///   - allowsPrivate: Whether hosts with private addresses may be asked.
    ///   - limit: The most bytes that the contents may have.
    ///   - note: Is told of each thing that was done otherwise than meant, with the reason.
    /// - Throws: `HTTPSourceError`; what had arrived stays, and is not fetched again.
    public func layer(
        _ request: HTTPRequest,
        timestamps: TimestampPolicy,
        allowsPrivate: Bool = false,
        limit: Int64 = HTTPStore.defaultLimit,
        reach: Reach = .remote,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> HTTPLayer {
        try request.check()
        if let checksum = request.checksum, let content = try content(checksum) {
            return try await layer(request, content, timestamps, how: "cache")
        }
        let held = try await lock("http-\(ContentDigest(of: request.url).hex)")
        defer { withExtendedLifetime(held) {} }
        let known = try known(request.url)
        guard reach == .remote else {
            guard request.checksum == nil, reach == .offlineWithLast, let known else { throw offline(request, reach) }
            return try await layer(request, known, timestamps, how: "last")
        }
        try CacheFile.makeFolder(folder.appending("partial"))
        let download = HTTPDownload(
            exchange: HTTPExchange(request: request, allowsPrivate: allowsPrivate),
            partial: folder.appending("partial").appending(ContentDigest(of: request.url).hex),
            limit: limit,
            firstPause: firstPause,
            note: note
        )
        // With a checksum that is not had, "unchanged" would be of no use.
        let outcome = try await download.run(unless: request.checksum == nil ? known?.validators : nil)
        var layer: HTTPLayer
        switch outcome {
        case .unchanged:
            guard let known else { throw HTTPSourceError(request.url, .server("the server says that nothing changed")) }
            layer = try await self.layer(request, known, timestamps, how: "revalidated")
        case .complete(let validators, let name):
            layer = try await take(download, request, validators, name, timestamps)
        }
        let happened = download.happened
        layer.bytes = happened.bytes
        layer.calls = happened.calls
        layer.redirects = happened.redirects.map { String($0.prefix { $0 != "?" }) }
        return layer
    }

    private func offline(_ request: HTTPRequest, _ reach: Reach) -> HTTPSourceError {
        let what: String
        if request.checksum != nil {
            what = "contents with this checksum are not in the cache, and the network is ruled out"
        } else if reach == .offlineWithLast {
            what = "it was never fetched here, and the network is ruled out"
        } else {
            what = "what it gives now can't be asked with --offline; --offline=last takes what it gave last"
        }
        return HTTPSourceError(request.url, .offline(what))
    }

    // MARK: Layers

    /// Makes the layer of a file that was fetched, and notes all that is known of it.
    private func take(
        _ download: HTTPDownload,
        _ request: HTTPRequest,
        _ validators: HTTPValidators,
        _ name: String?,
        _ timestamps: TimestampPolicy
    ) async throws -> HTTPLayer {
        let partial = download.partial
        let modified = validators.modified.flatMap { HTTPDate.seconds($0) } ?? 0
        let attributes = attributes(request, modified)
        let fileName = Self.name(request, suggested: name)
        let layers = layers
        let (diffID, digest, size) = try await Offload.run {
            let file = try FileDescriptor.open(partial, .readOnly, options: [.closeOnExec, .noFollow])
            defer { try? file.close() }
            let size = try file.seek(offset: 0, from: .end)
            let writer = try layers.writer(timestamps: timestamps)
            let digest = try writer.file(
                Array(fileName.utf8),
                attributes,
                size: size,
                content: .descriptor(file),
                hashing: true
            )
            let found = digest ?? ContentDigest(of: "")
            if let checksum = request.checksum, checksum != found {
                download.discard()
                throw HTTPSourceError(request.url, .checksum(expected: checksum, actual: found))
            }
            return (try writer.finish().diffID, found, size)
        }
        download.discard()
        let content = Content(
            digest: digest,
            size: size,
            diffID: diffID,
            modified: modified,
            name: name,
            validators: validators
        )
        try remember(content, url: request.url)
        try remember(diffID, recordPath(request, content, fileName, timestamps))
        return HTTPLayer(digest: digest, name: fileName, size: size, diffID: diffID, how: "remote")
    }

    /// The layer of contents that are here already, perhaps in a layer with another name.
    private func layer(
        _ request: HTTPRequest,
        _ content: Content,
        _ timestamps: TimestampPolicy,
        how: String
    ) async throws -> HTTPLayer {
        let name = Self.name(request, suggested: content.name)
        var layer = HTTPLayer(digest: content.digest, name: name, size: content.size, diffID: content.diffID, how: how)
        let record = recordPath(request, content, name, timestamps)
        if let bytes = try CacheFile.read(record),
            let known = try? ContentDigest(parsing: String(decoding: bytes, as: UTF8.self)),
            layers.contains(known)
        {
            layer.diffID = known
            return layer
        }
        let attributes = attributes(request, content.modified)
        let layers = layers
        layer.diffID = try await Offload.run {
            let view = try layers.bareView(content.diffID)
            guard let entry = try view.children(of: view.root).first else {
                throw HTTPSourceError(request.url, .server("its layer is empty"))
            }
            let writer = try layers.writer(timestamps: timestamps)
            try writer.file(
                Array(name.utf8),
                attributes,
                size: content.size,
                content: .entry(entry, view),
                knownDigest: content.digest
            )
            return try writer.finish().diffID
        }
        try remember(layer.diffID, record)
        return layer
    }

    private func attributes(_ request: HTTPRequest, _ modified: Int64) -> FileAttributes {
        FileAttributes(
            kind: .regular,
            mode: request.mode,
            uid: request.uid,
            gid: request.gid,
            modified: Timestamp(seconds: modified)
        )
    }

    private static func name(_ request: HTTPRequest, suggested: String?) -> String {
        request.fileName.isEmpty ? suggested ?? HTTPRequest.name(ofURL: request.url) : request.fileName
    }
}
