// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import BuildModel
import NIOCore
import NIOHTTP1
import RegistryClient
import Synchronization
import SystemPackage

/// What a server says of a file, by which a change is noticed.
struct HTTPValidators: Hashable, Sendable {
    var tag: String?
    var modified: String?

    /// Takes them from an answer's headers.
    init(_ headers: HTTPHeaders) {
        tag = headers.first(name: "ETag")
        modified = headers.first(name: "Last-Modified")
    }

    init(json: JSONValue) {
        tag = json["tag"]?.text
        modified = json["modified"]?.text
    }

    var json: JSONValue {
        ["tag": tag.map(JSONValue.string) ?? .null, "modified": modified.map(JSONValue.string) ?? .null]
    }

    /// The one that a resumed transfer may go by; weak tags say nothing of single bytes.
    ///
    /// Source: RFC 9110, section 13.1.5.
    var strong: String? { tag.flatMap { $0.hasPrefix("W/") ? nil : $0 } ?? modified }
}

/// A transfer into a file, which goes on where an earlier one broke off.
struct HTTPDownload: Sendable {
    /// How it ended.
    enum Outcome: Sendable {
        /// The server says that what is known is still so.
        case unchanged
        /// The file is complete.
        case complete(HTTPValidators, suggestedName: String?)
    }

    let exchange: HTTPExchange
    /// The file; beside it `.json` holds the validators that its beginning came with.
    let partial: FilePath
    let limit: Int64
    let firstPause: Duration
    let note: @Sendable (String) -> Void
    private let counters = Counters()

    private static let repetitions = 3
    private static let longestPause: Duration = .seconds(120)

    /// What happened on the way.
    final class Counters: Sendable {
        struct Values: Sendable {
            var bytes: Int64 = 0
            var calls = 0
            var redirects: [String] = []
        }
        let values = Mutex(Values())
    }

    init(
        exchange: HTTPExchange,
        partial: FilePath,
        limit: Int64,
        firstPause: Duration,
        note: @escaping @Sendable (String) -> Void
    ) {
        self.exchange = exchange
        self.partial = partial
        self.limit = limit
        self.firstPause = firstPause
        self.note = note
    }

    /// Bytes received, requests made, and the places that the last request was sent on to.
    var happened: Counters.Values { counters.values.withLock { $0 } }

    private var url: String { exchange.request.url }
    private var sidecar: FilePath { FilePath(partial.string + ".json") }

    /// Fetches the file unless it is what `known` says.
    func run(unless known: HTTPValidators?) async throws -> Outcome {
        var pause = firstPause
        var failures = 0
        while true {
            let before = happened.bytes
            let words: String
            var wanted: Duration?
            do {
                return try await attempt(unless: known, number: failures)
            } catch let busy as Busy {
                words = "it answered \(busy.status)"
                wanted = busy.wait
                if failures == Self.repetitions { throw HTTPSourceError(url, .refused(status: busy.status)) }
            } catch let error as HTTPSourceError {
                guard case .unreachable(let reason) = error.reason else { throw error }
                words = reason
                if failures == Self.repetitions { throw error }
            } catch  where !(error is CancellationError) && !(error is any Fault) && !(error is Errno) {
                words = String("\(error)".replacing("\n", with: " ").prefix(200))
                if failures == Self.repetitions { throw HTTPSourceError(url, .unreachable(words)) }
            }
            if happened.bytes > before { (failures, pause) = (0, firstPause) }
            failures += 1
            let wait = max(wanted ?? .zero, pause)
            guard wait <= Self.longestPause else {
                throw HTTPSourceError(url, .unreachable("it asks to wait \(wait.components.seconds) seconds"))
            }
            note("the server failed (\(words)); it is asked again, \(failures) of \(Self.repetitions)")
            try await Task.sleep(for: wait)
            pause *= 2
        }
    }

    /// An answer that means "later".
    private struct Busy: Error {
        var status: Int
        var wait: Duration?
    }

    private func attempt(unless known: HTTPValidators?, number: Int) async throws -> Outcome {
        let start = try CacheFile.size(partial) ?? 0
        let begun = try CacheFile.read(sidecar).flatMap { try? JSONValue(parsing: $0) }.map { HTTPValidators(json: $0) }
        var headers = [("Accept-Encoding", "identity")]
        let resumes = start > 0 && begun?.strong != nil
        if resumes, let validator = begun?.strong {
            headers += [("Range", "bytes=\(start)-"), ("If-Range", validator)]
        } else {
            if let tag = known?.tag { headers.append(("If-None-Match", tag)) }
            if let modified = known?.modified { headers.append(("If-Modified-Since", modified)) }
        }
        counters.values.withLock {
            $0.calls += 1
            $0.redirects = []
        }
        return try await exchange.perform(
            headers: headers,
            attempt: number,
            redirected: { place in counters.values.withLock { $0.redirects.append(place) } }
        ) { response in
            try await take(response, resumingAt: resumes ? start : nil, isKnown: known != nil)
        }
    }

    private func take(_ response: HTTPClientResponse, resumingAt start: Int64?, isKnown: Bool) async throws -> Outcome {
        var offset: Int64 = 0
        switch Int(response.status.code) {
        case 200: break
        case 206:
            let range = response.headers.first(name: "Content-Range") ?? ""
            guard let start, range.hasPrefix("bytes \(start)-") else {
                throw HTTPSourceError(url, .server("the server sent another range than was asked for"))
            }
            offset = start
        case 304 where isKnown && start == nil: return .unchanged
        case 416 where start != nil:
            discard()
            throw Busy(status: 416)
        case let status where [408, 425, 429].contains(status) || (500...599).contains(status):
            throw Busy(status: status, wait: RetryAfter.read(response.headers))
        case let status: throw HTTPSourceError(url, .refused(status: status))
        }
        let length = response.headers.first(name: "Content-Length").flatMap { Int64($0) }
        if let length, length > limit - offset { throw HTTPSourceError(url, .tooLarge(limit: limit)) }
        let validators = HTTPValidators(response.headers)
        try CacheFile.write(validators.json.canonicalBytes, to: sidecar)
        try await receive(response.body, at: offset, length: length)
        return .complete(validators, suggestedName: Self.name(response.headers.first(name: "Content-Disposition")))
    }

    private func receive(_ body: HTTPClientResponse.Body, at offset: Int64, length: Int64?) async throws {
        let file = try FileDescriptor.open(
            partial,
            .writeOnly,
            options: [.create, .closeOnExec, .noFollow],
            permissions: .ownerReadWrite
        )
        defer { try? file.close() }
        try file.resize(to: offset)
        var at = offset
        for try await part in body {
            guard Int64(part.readableBytes) <= limit - at else {
                discard()
                throw HTTPSourceError(url, .tooLarge(limit: limit))
            }
            let bytes = Array(part.readableBytesView)
            let place = at
            try await Offload.run { _ = try file.writeAll(toAbsoluteOffset: place, bytes) }
            at += Int64(bytes.count)
            counters.values.withLock { $0.bytes += Int64(bytes.count) }
        }
        if let length, at - offset < length {
            throw HTTPSourceError(url, .unreachable("it sent \(at - offset) of \(length) bytes"))
        }
    }

    /// Removes what arrived.
    func discard() {
        CacheFile.remove(partial)
        CacheFile.remove(sidecar)
    }

    /// The file name that a `Content-Disposition` says, in its plain form.
    ///
    /// Source: RFC 6266, section 4.1.
    static func name(_ header: String?) -> String? {
        guard let header, let mark = header.lowercased().firstRange(of: "filename=") else { return nil }
        // Both texts have the same length: only ASCII letters are folded by the match.
        let distance = header.lowercased().distance(from: header.startIndex, to: mark.upperBound)
        guard distance <= header.count else { return nil }
        let rest = header.dropFirst(distance)
        let name =
            rest.hasPrefix("\"")
            ? String(rest.dropFirst().prefix { $0 != "\"" }) : String(rest.prefix { $0 != ";" && $0 != " " })
        return HTTPRequest.isFileName(name) ? name : nil
    }
}
