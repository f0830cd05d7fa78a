// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildSources
import LLB
import Layers
import OCIModel
import Synchronization
import SystemPackage

/// The commits that one build's git sources became, so that a ref means one commit throughout the build.
final class GitPins: Sendable {
    private let known = Mutex<[GitRequest: GitResolution]>([:])

    private let secrets = Mutex<Set<String>>([])

    /// Keeps the id of a secret that was used before there was a graph.
    func use(_ secret: String) { secrets.withLock { _ = $0.insert(secret) } }

    /// The ids that were kept, in order, once.
    func takeSecrets() -> [String] {
        secrets.withLock { secrets in
            defer { secrets = [] }
            return secrets.sorted()
        }
    }

    subscript(request: GitRequest) -> GitResolution? {
        get { known.withLock { $0[request] } }
        set { known.withLock { $0[request] = newValue } }
    }
}

extension Engine {
    /// The repositories that all builds share.
    var git: GitStore {
        let locks = locks
        return GitStore(folder: root.appending("git"), variables: environment.variables) { try await locks.take($0) }
    }
}

/// A git source as a build has it: from its vertex to the layer, with the events in between.
final class GitSourceRun: Sendable {
    let run: BuildRun
    let source: SourceOperation
    let request: GitRequest
    private let access: GitAccess
    private let transfer = Mutex(GitTransfer())

    /// Reads the source's attributes.
    ///
    /// - Throws: `GitError` for what makes no sense, `SourceResolutionError` for what this version does not do.
    init(_ source: SourceOperation, of vertex: ContentDigest?, in run: BuildRun) throws {
        self.run = run
        self.source = source
        for name in [SourceAttribute.gitBundle, SourceAttribute.gitCheckoutBundle] where source.attributes[name] != nil
        {
            throw SourceResolutionError.unsupported("\(source.identifier) with \(name)")
        }
        request = try Self.request(source)
        if request.remote.scheme == .file, run.request.isForeign {
            throw GitError.refused(
                request.remote,
                "a Dockerfile from a remote repository can't read repositories of this machine"
            )
        }
        access = Self.access(source, vertex, run)
        guard let vertex else { return }
        for id in run.gitPins.takeSecrets() {
            run.log.append(.secretUsed(SecretUsed(vertex: vertex, id: id)), build: run.id)
        }
    }

    /// What a source's identifier and attributes ask for.
    ///
    /// Source: BuildKit, `source/git/identifier.go`, `NewGitIdentifier`.
    static func request(_ source: SourceOperation) throws(GitError) -> GitRequest {
        let parts = source.locator.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let place = parts.first.map(String.init) ?? ""
        let fragment = (parts.count > 1 ? parts[1] : "")
            .split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let url = source.attributes[SourceAttribute.gitFullURL] ?? (place.contains("@") ? place : "https://" + place)
        var request = GitRequest(
            remote: try GitRemote(parsing: url),
            ref: fragment.first.map(String.init) ?? ""
        )
        request.subdirectory = fragment.count > 1 ? String(fragment[1]) : ""
        request.checksum = source.attributes[SourceAttribute.gitChecksum] ?? ""
        request.keepsGitDirectory = source.attributes[SourceAttribute.gitKeepDirectory] == "true"
        request.includesSubmodules = source.attributes[SourceAttribute.gitSkipSubmodules] != "true"
        request.usesCommitTime = source.attributes[SourceAttribute.gitModificationTime] == "commit"
        request.fetchesByCommit = source.attributes[SourceAttribute.gitFetchByCommit] == "true"
        request.fetchesLargeFiles = source.attributes[SourceAttribute.gitLargeFiles] == "true"
        request.allowsFoldedNames = source.attributes[SourceAttribute.gitCollisions] == "keep"
        return request
    }

    /// Secrets by the names that the source says, those for one host first.
    private static func access(_ source: SourceOperation, _ vertex: ContentDigest?, _ run: BuildRun) -> GitAccess {
        let token = source.attributes[SourceAttribute.gitAuthTokenSecret] ?? "GIT_AUTH_TOKEN"
        let header = source.attributes[SourceAttribute.gitAuthHeaderSecret] ?? "GIT_AUTH_HEADER"
        let agent = source.attributes[SourceAttribute.gitSSHSocket] ?? "default"
        return GitAccess(
            authorization: { host in
                let name = host.split(separator: ":").first.map(String.init) ?? host
                for suffix in [".\(host)", ".\(name)", ""] {
                    for (id, isToken) in [(token + suffix, true), (header + suffix, false)] where run.secrets.has(id) {
                        guard let bytes = try run.secrets.value(of: id, optional: false) else { continue }
                        if let vertex {
                            run.log.append(.secretUsed(SecretUsed(vertex: vertex, id: id)), build: run.id)
                        } else {
                            run.gitPins.use(id)
                        }
                        let text = String(decoding: bytes, as: UTF8.self).trimmingLineEnds
                        return isToken ? "basic \(Base64.string(Array("x-access-token:\(text)".utf8)))" : text
                    }
                }
                return run.request.urlCredentials[host]
            },
            agentSocket: run.secrets.hasAgent(agent)
                ? run.request.agents[agent].map(run.engine.environment.absolute) : nil,
            knownHosts: source.attributes[SourceAttribute.gitKnownHosts] ?? ""
        )
    }

    private func note(_ reason: String) {
        let event = Fallback(subject: source.identifier, reason: reason)
        run.log.append(.fallback(event), build: run.id)
    }

    private func reach() throws -> GitReach {
        switch run.request.offline {
        case .no: .remote
        case .strict: .offline
        case .last: .offlineWithLastPin(try run.lastPin(source.identifier))
        }
    }

    /// The commit; the same one each time that the build asks.
    func resolve() async throws -> GitResolution {
        if let known = run.gitPins[request] { return known }
        let reach = try reach()
        let resolution = try await run.engine.git.resolve(request, access: access, reach: reach) { self.note($0) }
        if case .offlineWithLastPin = reach, request.ref != resolution.commit.hex {
            note(
                "with --offline=last the last pin \(resolution.commit.hex) is used, and nobody is asked for a newer one"
            )
        }
        run.gitPins[request] = resolution
        transfer.withLock { $0 = $0 + resolution.transfer }
        return resolution
    }

    /// The commit's time in seconds since 1970.
    func commitTime(_ resolution: GitResolution) async throws -> Int64 {
        try await run.engine.git.commitTime(resolution, scratch: run.layers.blobs.scratch)
    }

    /// The source with its layer.
    func source() async throws -> ResolvedSource {
        let clock = run.engine.environment.clock
        let started = clock.now()
        let resolution = try await resolve()
        let layer = try await run.engine.git.layer(
            of: resolution,
            options: GitStore.LayerOptions(
                timestamps: run.request.timestamps,
                now: started,
                parallelism: run.engine.environment.processors
            ),
            into: run.layers,
            access: access,
            reach: try reach(),
            largeFiles: LargeFileTransport(),
            note: { self.note($0) },
            transfer: { more in self.transfer.withLock { $0 = $0 + more } }
        )
        if !layer.pointers.isEmpty {
            let names = layer.pointers.joined(separator: ", ")
            note(
                "these files are LFS pointers, not what they stand for: \(names); 'lfs=true' in the URL's query fetches it"
            )
        }
        let total = transfer.withLock { $0 }
        var happened: Happened = [
            "objects": .integer(total.objects), "bytes": .integer(total.bytes),
            "calls": .integer(Int64(total.calls)),
            "duration": .integer(clock.now().nanoseconds - started.nanoseconds),
        ]
        if let depth = total.depth { happened["depth"] = .integer(Int64(depth)) }
        let event = SourceResolved(
            identifier: source.identifier,
            type: "git",
            pin: resolution.commit.hex,
            how: run.request.offline == .last && resolution.how == "cache" ? "last" : resolution.how,
            layers: [layer.diffID],
            details: details(resolution),
            happened: happened
        )
        return ResolvedSource(event: event, snapshot: Snapshot(layers: [layer.diffID]))
    }

    private func details(_ resolution: GitResolution) -> [String: String] {
        var details = ["remote": request.remote.url]
        if let name = resolution.refName {
            details["ref"] = name
        } else if !request.ref.isEmpty {
            details["ref"] = request.ref
        }
        if let tag = resolution.tag { details["tag"] = tag.hex }
        if !request.subdirectory.isEmpty { details["subdir"] = request.subdirectory }
        if request.keepsGitDirectory { details["keep-git-dir"] = "true" }
        if !request.includesSubmodules { details["submodules"] = "false" }
        if request.fetchesLargeFiles { details["lfs"] = "true" }
        return details
    }
}

extension String {
    /// Without the line end that a file with one line has.
    var trimmingLineEnds: String {
        var text = self
        while let last = text.last, last.isNewline { text.removeLast() }
        return text
    }
}
