// SPDX-License-Identifier: Apache-2.0

import BuildModel
import BuildSources
import OCIModel
import RegistryClient
import Synchronization
import SystemPackage

/// The registries as one build sees them: a client that is made at the first need, and each name asked for once.
///
/// Must be closed at the build's end.
final class RegistryAccess: Sendable {
    private struct State {
        var client: RegistryClient?
        var answers: [ImageReference: Task<Descriptor, any Error>] = [:]
    }

    private let environment: EngineEnvironment
    private let state = Mutex(State())

    init(environment: EngineEnvironment) { self.environment = environment }

    /// What `reference` names now, the same for the whole build.
    ///
    /// - Throws: `RegistryError`.
    func resolve(_ reference: ImageReference) async throws -> Descriptor {
        let client = try client()
        // A task of its own, which all who ask for the same name await; it ends with its one request.
        let answer = state.withLock { state in
            if let known = state.answers[reference] { return known }
            let asked = Task { try await client.resolve(reference) }
            state.answers[reference] = asked
            return asked
        }
        return try await answer.value
    }

    /// The place of an image whose documents and layers are wanted.
    func origin(_ reference: ImageReference) throws -> RegistryOrigin {
        RegistryOrigin(reference, client: try client())
    }

    /// The client.
    ///
    /// - Throws: `RegistryError.configuration` when `registries.json` can't be read.
    func client() throws -> RegistryClient {
        if let made = state.withLock({ $0.client }) { return made }
        let configuration = try RegistrySettings.configuration(in: environment)
        let credentials = DockerCredentials(file: RegistrySettings.dockerConfiguration(in: environment))
        return state.withLock { state in
            if let other = state.client { return other }
            let made = RegistryClient(configuration: configuration, credentials: credentials)
            state.client = made
            return made
        }
    }

    /// Ends every connection.
    func close() async {
        let client = state.withLock { state in
            defer { state = State() }
            return state.client
        }
        await client?.close()
    }
}
