// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import BuildModel
import NIOCore
import NIOHTTP1
import RegistryClient

/// One request along its redirects, each host looked up and checked before it is spoken to.
///
/// The connection goes to the very address that was checked, so a name that changes its address meanwhile gains nothing.
struct HTTPExchange: Sendable {
    static let mostRedirects = 10

    private enum Outcome<Value: Sendable>: Sendable {
        case redirect(String)
        case value(Value)
    }

    let request: HTTPRequest
    let allowsPrivate: Bool

    /// Calls `body` with the answer of the last host, which is no redirect.
    ///
    /// - Parameters:
    ///   - headers: Headers beside those of the request.
    ///   - attempt: How often this was tried before: each attempt takes the host's next address.
    ///   - redirected: Is told each place that the request is sent on to.
    func perform<Value: Sendable>(
        headers: [(String, String)],
        attempt: Int,
        redirected: (String) -> Void,
        _ body: (HTTPClientResponse) async throws -> Value
    ) async throws -> Value {
        var url = request.url
        var seen: Set<String> = [url]
        while true {
            switch try await step(url, headers, attempt, body) {
            case .value(let value): return value
            case .redirect(let next):
                guard seen.insert(next).inserted else {
                    throw HTTPSourceError(request.url, .server("the server redirects in a ring"))
                }
                guard seen.count <= Self.mostRedirects + 1 else {
                    throw HTTPSourceError(
                        request.url,
                        .server("the server redirects more than \(Self.mostRedirects) times")
                    )
                }
                redirected(next)
                url = next
            }
        }
    }

    private func step<Value: Sendable>(
        _ url: String,
        _ headers: [(String, String)],
        _ attempt: Int,
        _ body: (HTTPClientResponse) async throws -> Value
    ) async throws -> Outcome<Value> {
        let client = try await client(for: url, attempt: attempt)
        do {
            let response = try await client.execute(outgoing(url, headers), timeout: .hours(24))
            let outcome: Outcome<Value>
            switch response.status.code {
            case 301, 302, 303, 307, 308: outcome = .redirect(try target(of: response, from: url))
            default: outcome = .value(try await body(response))
            }
            try? await client.shutdown()
            return outcome
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// A client that reaches the host of `url` at one checked address and no other host.
    private func client(for url: String, attempt: Int) async throws -> HTTPClient {
        let host = URLText.host(url)
        let addresses = try await Offload.run { try NetworkAddress.resolve(host) }
        if !allowsPrivate, let address = addresses.first(where: \.isPrivate) {
            throw HTTPSourceError(url, .privateAddress(address.description))
        }
        var settings = HTTPClient.Configuration(redirectConfiguration: .disallow)
        settings.timeout.connect = .seconds(20)
        settings.timeout.read = .seconds(60)
        settings.connectionPool.retryConnectionEstablishment = false
        settings.httpVersion = .http1Only
        settings.decompression = .disabled
        let address = addresses[attempt % addresses.count].description
        if address != host, !host.hasPrefix("[") { settings.dnsOverride[host] = address }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }

    private func outgoing(_ url: String, _ headers: [(String, String)]) -> HTTPClientRequest {
        var outgoing = HTTPClientRequest(url: url)
        outgoing.headers.add(name: "User-Agent", value: "reel")
        for header in request.headers { outgoing.headers.replaceOrAdd(name: header.name, value: header.value) }
        for (name, value) in headers { outgoing.headers.replaceOrAdd(name: name, value: value) }
        if let authorization = request.authorization, URLText.origin(url) == URLText.origin(request.url) {
            outgoing.headers.replaceOrAdd(name: "Authorization", value: authorization)
        }
        return outgoing
    }

    private func target(of response: HTTPClientResponse, from url: String) throws -> String {
        guard let location = response.headers.first(name: "Location"), let next = URLText.resolve(location, from: url)
        else { throw HTTPSourceError(request.url, .server("the server redirects to nowhere that is http or https")) }
        guard !url.lowercased().hasPrefix("https://") || next.lowercased().hasPrefix("https://") else {
            throw HTTPSourceError(request.url, .server("the server redirects from https to http"))
        }
        return String(next.prefix { $0 != "#" })
    }
}
