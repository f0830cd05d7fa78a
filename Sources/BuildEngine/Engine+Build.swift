// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventStorage
import Layers

extension Engine {
    /// Builds what `request` asks for, and records it.
    ///
    /// Cancelling the task stops the build within a second: containers are killed, what is half made is removed, and
    /// `build.cancelled` is the last event.
    ///
    /// - Throws: `BuildFailure`; the log has the reason by then.
    public func build(_ request: BuildRequest, observer: any BuildObserver) async throws -> BuildOutcome {
        try await run(request, recorded: nil, layers: layers, observer: observer).run()
    }

    /// A build that is ready to run.
    func run(
        _ request: BuildRequest,
        id: BuildID? = nil,
        recorded: BuildRecord?,
        plan: ReplayPlan? = nil,
        layers: LayerStore,
        observer: any BuildObserver
    ) -> BuildRun {
        let id = id ?? newBuildID()
        let observed = ObservedLog(log: log, observer: observer, clock: environment.clock)
        return BuildRun(
            engine: self,
            request: request,
            id: id,
            log: observed,
            observer: observer,
            layers: layers,
            recorded: recorded,
            plan: plan,
            secrets: BuildSecrets(
                sources: request.secrets,
                agents: request.agents,
                environment: environment,
                parent: folder.path
            ),
            registry: RegistryAccess(environment: environment),
            supply: LayerSupply(engine: self, layers: layers, log: observed, build: id)
        )
    }
}
