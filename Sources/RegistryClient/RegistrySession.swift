// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import BuildModel
import NIOCore
import NIOHTTP1
import NIOPosix

/// One request to a registry, before addresses and credentials are known.
struct RegistryRequest: Sendable {
    var method: HTTPMethod = .GET
    var headers: [(String, String)] = []
    var body: HTTPClientRequest.Body?
    var scope: AccessScope
    /// What errors call it.
    var subject: String
    /// Whether the request may be sent again after a fault; not so where its body is a stream.
    var isRepeatable = true
}

/// Sends requests: with credentials, along redirects, again after faults that pass.
struct RegistrySession: Sendable {
    let http: HTTPClient
    let authorizer: Authorizer
    let configuration: RegistryConfiguration

    private static let mostRedirects = 10

    /// Sends `request` to `url` at `place` until there is an answer that is no fault.
    ///
    /// - Returns: The answer, whatever its status is apart from 401, 408, 429 and 5xx.
    func send(_ request: RegistryRequest, to url: String, at place: RegistryPlace) async throws -> HTTPClientResponse {
        var pause = configuration.firstPause
        var attempt = 0
        while true {
            let fault: RegistryError
            var wanted: Duration?
            do {
                let response = try await follow(request, to: url, at: place)
                switch response.status.code {
                case 408, 429, 500...599:
                    wanted = RetryAfter.read(response.headers)
                    fault = try await Self.refusal(response, request, place)
                default: return response
                }
            } catch let error as HTTPClientError {
                fault = .unreachable(host: place.host, reason: Self.text(error))
            } catch let error as any ChannelFault {
                fault = .unreachable(host: place.host, reason: Self.text(error))
            }
            attempt += 1
            let wait = max(wanted ?? .zero, pause)
            guard request.isRepeatable, attempt <= configuration.retries, wait <= configuration.longestPause else {
                throw fault
            }
            try await Task.sleep(for: wait)
            pause *= 2
        }
    }

    /// Whether an error is one of the network, which may pass.
    static func isPassing(_ error: any Error) -> Bool { error is HTTPClientError || error is any ChannelFault }

    /// The words of a network error, in one line: the system's where a connection failed.
    static func text(_ error: any Error) -> String {
        if let failed = error as? IOError { return errnoText(failed.errnoCode) }
        if let failed = error as? NIOConnectionError {
            if let cause = failed.connectionErrors.compactMap({ $0.error as? IOError }).first {
                return errnoText(cause.errnoCode)
            }
            if failed.dnsAError != nil { return "its name is not known here" }
        }
        let text = "\(error)".replacing("\n", with: " ")
        return String(text.prefix(200))
    }

    private func follow(_ request: RegistryRequest, to start: String, at place: RegistryPlace) async throws
        -> HTTPClientResponse
    {
        var url = start
        var redirects = 0
        var refusals = 0
        while true {
            // Credentials are for the registry only, not for where it keeps its blobs.
            let atHome = URLText.origin(url) == URLText.origin(start)
            let header = atHome ? await authorizer.header(host: place.host, scope: request.scope) : nil
            let response = try await http.execute(outgoing(request, to: url, header), timeout: .hours(24))
            switch response.status.code {
            case 401 where atHome && refusals < 2 && request.isRepeatable:
                refusals += 1
                let challenges = response.headers["WWW-Authenticate"].compactMap(Challenge.init)
                try await authorizer.answer(challenges.first, place: place, scope: request.scope, after: header)
            case 401, 403:
                let reason = try await Self.reason(response)
                throw RegistryError.denied(host: place.host, subject: request.subject, reason: reason)
            case 301, 302, 303, 307,
                308 where [.GET, .HEAD].contains(request.method):
                redirects += 1
                guard redirects <= Self.mostRedirects else {
                    throw RegistryError.malformed(
                        host: place.host,
                        subject: request.subject,
                        reason: "it redirects in a ring"
                    )
                }
                url = try redirect(response, from: url, request, place)
            default: return response
            }
        }
    }

    private func redirect(
        _ response: HTTPClientResponse,
        from url: String,
        _ request: RegistryRequest,
        _ place: RegistryPlace
    ) throws -> String {
        guard let location = response.headers.first(name: "Location"), let next = URLText.resolve(location, from: url)
        else {
            throw RegistryError.malformed(host: place.host, subject: request.subject, reason: "it redirects nowhere")
        }
        guard !url.hasPrefix("https://") || next.hasPrefix("https://") else {
            throw RegistryError.malformed(
                host: place.host,
                subject: request.subject,
                reason: "it redirects from https to http"
            )
        }
        return next
    }

    private func outgoing(_ request: RegistryRequest, to url: String, _ authorization: String?) -> HTTPClientRequest {
        var outgoing = HTTPClientRequest(url: url)
        outgoing.method = request.method
        outgoing.headers.add(name: "User-Agent", value: "reel")
        for (name, value) in request.headers { outgoing.headers.add(name: name, value: value) }
        if let authorization { outgoing.headers.add(name: "Authorization", value: authorization) }
        outgoing.body = request.body
        return outgoing
    }

    /// The error for an answer that is not what was hoped for.
    static func refusal(_ response: HTTPClientResponse, _ request: RegistryRequest, _ place: RegistryPlace) async throws
        -> RegistryError
    {
        if response.status == .notFound { return .notFound(host: place.host, subject: request.subject) }
        let reason = try await reason(response)
        return .refused(
            host: place.host,
            subject: request.subject,
            status: Int(response.status.code),
            reason: reason
        )
    }

    /// The whole of a small answer.
    static func collect(
        _ response: HTTPClientResponse,
        _ request: RegistryRequest,
        _ place: RegistryPlace,
        limit: Int
    ) async throws -> [UInt8] {
        do {
            return Array(try await response.body.collect(upTo: limit).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw RegistryError.malformed(
                host: place.host,
                subject: request.subject,
                reason: "it sends more than \(limit >> 20) MiB"
            )
        } catch  where isPassing(error) {
            throw RegistryError.unreachable(host: place.host, reason: text(error))
        }
    }

    /// What the registry says about its refusal, in one line.
    ///
    /// Source: OCI distribution specification, "Error Codes".
    private static func reason(_ response: HTTPClientResponse) async throws -> String {
        let body = (try? await response.body.collect(upTo: 64 << 10)).map { Array($0.readableBytesView) } ?? []
        let first = (try? JSONValue(parsing: body))?["errors"]?.elements?.first
        let words = [first?["code"]?.text, first?["message"]?.text].compactMap { $0 }.joined(separator: ": ")
        let text = words.isEmpty ? response.status.reasonPhrase : words
        return String(text.map { $0.isNewline ? " " : $0 }.prefix(300))
    }
}

/// Errors of the transport below HTTP.
private protocol ChannelFault: Error {}
extension IOError: ChannelFault {}
extension ChannelError: ChannelFault {}
extension NIOConnectionError: ChannelFault {}
