// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import BuildModel
import NIOCore
import OCIModel

/// Reads images from registries, and writes them there.
///
/// Speaks the OCI distribution protocol. Nothing is kept between processes; tokens live as long as the client. Must be
/// closed. Any number of tasks may use it at once.
///
/// Source: OCI distribution specification 1.1.
public final class RegistryClient: Sendable {
    let session: RegistrySession
    let configuration: RegistryConfiguration
    private let http: HTTPClient

    /// The most bytes of a manifest; registries take 4 MiB.
    static let largestManifest = 8 << 20

    /// The types of manifests that are asked for.
    static let manifestTypes = [
        MediaType.ociIndex, MediaType.ociManifest, MediaType.dockerIndex, MediaType.dockerManifest,
    ]

    /// Makes a client. No connection is opened yet.
    public init(configuration: RegistryConfiguration, credentials: any CredentialSource) {
        var settings = HTTPClient.Configuration(redirectConfiguration: .disallow)
        settings.timeout.connect = .seconds(20)
        // Repetitions are counted here, so that a host where nothing listens is noticed at once.
        settings.connectionPool.retryConnectionEstablishment = false
        settings.timeout.read = .seconds(60)
        settings.httpVersion = .http1Only
        settings.decompression = .disabled
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        self.configuration = configuration
        session = RegistrySession(
            http: http,
            authorizer: Authorizer(credentials: credentials, http: http),
            configuration: configuration
        )
    }

    /// Ends every connection; the client is of no use then.
    public func close() async { try? await http.shutdown() }

    /// Makes a client, calls `body` with it, and closes it.
    public static func with<Value: Sendable>(
        configuration: RegistryConfiguration,
        credentials: any CredentialSource,
        _ body: (RegistryClient) async throws -> Value
    ) async throws -> Value {
        let client = RegistryClient(configuration: configuration, credentials: credentials)
        do {
            let value = try await body(client)
            await client.close()
            return value
        } catch {
            await client.close()
            throw error
        }
    }
}
