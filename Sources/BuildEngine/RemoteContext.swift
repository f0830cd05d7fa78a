// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildSources
import DockerfileFrontend
import LLB
import Layers
import OCIModel

/// The main context where it is a repository: pinned before the frontend reads its Dockerfile.
struct RemoteContext: Sendable {
    /// The URL with fragment and query, without credentials.
    let url: String
    /// Its files.
    let files: ContextFiles
    /// The commit's time, in seconds since 1970; `nil` unless the build's times are to be that.
    let epoch: Int64?
}

extension BuildRun {
    /// The run that has its remote context, and the times that come from it.
    func openingRemoteContext() async throws -> BuildRun {
        guard let url = request.contextURL, recorded == nil else { return self }
        let operation = try ContextSource.gitSource(url, context: "context")
        log.append(.sourceResolving(SourceResolving(vertex: nil, identifier: operation.identifier)), build: id)
        var run = self
        let early = try GitSourceRun(operation, of: nil, in: run)
        let resolution = try await early.resolve()
        var epoch: Int64?
        if request.epochIsOfContext {
            let time = max(0, try await early.commitTime(resolution))
            epoch = time
            run.request.timestamps = .clamp(epoch: time)
            if run.request.buildArguments["SOURCE_DATE_EPOCH"] != nil {
                run.request.buildArguments["SOURCE_DATE_EPOCH"] = .some(String(time))
            }
        }
        // Once more, since the layer's times may be others now.
        var resolved = try await GitSourceRun(operation, of: nil, in: run).source()
        let previous = try lastPin(operation.identifier)
        resolved.event.movedFrom = previous == resolved.event.pin ? nil : previous
        if let epoch { resolved.event.details["epoch"] = String(epoch) }
        log.append(.sourceResolved(resolved.event), build: id)
        let view = try await Offload.run { [layers, snapshot = resolved.snapshot] in try layers.view(snapshot) }
        run.remoteContext = RemoteContext(url: url, files: .tar(view), epoch: epoch)
        return run
    }
}
