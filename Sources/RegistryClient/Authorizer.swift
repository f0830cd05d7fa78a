// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import BuildModel
import NIOCore
import NIOHTTP1

/// What a request wants to do: one repository, and verbs such as `pull`.
struct AccessScope: Hashable, Sendable {
    let repository: String
    let actions: String

    /// The scope in the spelling of the token protocol.
    var text: String { "repository:\(repository):\(actions)" }
}

/// Gets what registries want to see, and remembers it for the life of the client.
///
/// Source: Distribution, "Token Authentication Specification" and "OAuth2 Token Authentication".
actor Authorizer {
    private struct Key: Hashable {
        let host: String
        let scope: AccessScope
    }

    private let credentials: any CredentialSource
    private let http: HTTPClient
    private var headers: [Key: String] = [:]

    init(credentials: any CredentialSource, http: HTTPClient) {
        self.credentials = credentials
        self.http = http
    }

    /// The `Authorization` header that worked, or may work; `nil` where none is known to be needed.
    func header(host: String, scope: AccessScope) -> String? { headers[Key(host: host, scope: scope)] }

    /// Answers a refusal: gets a header that may work where `used` did not.
    ///
    /// - Throws: `RegistryError.denied` where nothing more can be tried.
    func answer(_ challenge: Challenge?, place: RegistryPlace, scope: AccessScope, after used: String?) async throws {
        let key = Key(host: place.host, scope: scope)
        if let known = headers[key], known != used { return }  // another request was faster
        headers[key] = nil
        let credential = try await credentials.credential(for: place.host)
        let header: String
        switch challenge {
        case nil: throw denied(place, scope, "it asks in a way that reel does not know")
        case .basic:
            guard case .password(let user, let password) = credential else {
                throw denied(place, scope, "it wants a user and a password, and there are none")
            }
            header = Self.basic(user, password)
        case .bearer(let realm, let service, let wanted):
            if case .registryToken(let token) = credential {
                header = "Bearer \(token)"
            } else {
                let token = try await token(
                    realm: realm,
                    service: service,
                    scope: wanted ?? scope.text,
                    credential,
                    place,
                    scope
                )
                header = "Bearer \(token)"
            }
        }
        guard header != used || isRenewable(challenge) else {
            throw denied(
                place,
                scope,
                credential == nil ? "nobody is logged in" : "it does not take \(String(describing: credential))"
            )
        }
        headers[key] = header
    }

    private func isRenewable(_ challenge: Challenge?) -> Bool { if case .bearer = challenge { true } else { false } }

    private static func basic(_ user: String, _ password: String) -> String {
        "Basic " + Base64.encode(Array("\(user):\(password)".utf8))
    }

    private func denied(_ place: RegistryPlace, _ scope: AccessScope, _ reason: String) -> RegistryError {
        .denied(host: place.host, subject: scope.repository, reason: reason)
    }

    private func token(
        realm: String,
        service: String?,
        scope wanted: String,
        _ credential: Credential?,
        _ place: RegistryPlace,
        _ scope: AccessScope
    ) async throws -> String {
        guard realm.hasPrefix("https://") || place.scheme == "http" && realm.hasPrefix("http://") else {
            throw denied(place, scope, "its token server '\(realm.prefix(100))' is not reached by https")
        }
        var fields = [("service", service ?? ""), ("scope", wanted)].filter { !$0.1.isEmpty }
        var request: HTTPClientRequest
        if case .identityToken(let token) = credential {
            fields += [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "reel")]
            request = HTTPClientRequest(url: realm)
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            request.body = .bytes(ByteBuffer(string: URLText.query(fields)))
        } else {
            if case .password(let user, _) = credential { fields.append(("account", user)) }
            request = HTTPClientRequest(url: realm + (realm.contains("?") ? "&" : "?") + URLText.query(fields))
            if case .password(let user, let password) = credential {
                request.headers.add(name: "Authorization", value: Self.basic(user, password))
            }
        }
        request.headers.add(name: "User-Agent", value: "reel")
        let response: HTTPClientResponse
        do { response = try await http.execute(request, timeout: .seconds(60)) } catch let error as HTTPClientError {
            throw RegistryError.unreachable(host: place.host, reason: "its token server: \(error)")
        }
        guard response.status == .ok else {
            throw denied(place, scope, "its token server answered \(response.status.code)")
        }
        let body = try await response.body.collect(upTo: 1 << 20)
        let json = try? JSONValue(parsing: Array(body.readableBytesView))
        guard let token = json?["token"]?.text ?? json?["access_token"]?.text, !token.isEmpty else {
            throw denied(place, scope, "its token server gave no token")
        }
        return token
    }
}
