// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import LLB
import OCIModel
import Synchronization
import Testing

@testable import BuildSolver

/// A log in memory.
private final class MemoryLog: EventAppending {
    private let stored = Mutex<[BuildEvent]>([])
    var events: [BuildEvent] { stored.withLock(\.self) }
    func append(_ event: BuildEvent, build: BuildID?) { stored.withLock { $0.append(event) } }
    func flush() async throws {}
    func count(_ matches: (BuildEvent) -> Bool) -> Int { events.count(where: matches) }
}

/// Steps whose layer is the digest of their operation, with a memory of results.
private final class FakePort: StepPort {
    private let results = Mutex<[ContentDigest: VertexOutputs]>([:])
    let ran = Mutex<[String]>([])
    /// Names of steps that fail.
    let failing: Set<String>
    /// What a step's layer is made of, in place of its name: for early cutoff.
    let contents: [String: String]

    init(failing: Set<String> = [], contents: [String: String] = [:]) {
        self.failing = failing
        self.contents = contents
    }

    func preimage(of vertex: Vertex, inputs: [Snapshot]) async throws -> JSONValue {
        StepPreimage.json(
            vertex: vertex,
            inputs: inputs.map { .root($0.chainID) },
            timestamps: .default,
            semantics: 1
        )
    }

    func store(preimage: [UInt8]) async throws -> ContentDigest { ContentDigest(of: preimage) }

    func known(key: ContentDigest) async throws -> (outputs: VertexOutputs, producer: Int64, origin: String)? {
        results.withLock { $0[key] }.map { ($0, 1, "local") }
    }

    func holding<Value: Sendable>(key: ContentDigest, _ body: @Sendable () async throws -> Value) async throws -> Value
    {
        try await body()
    }

    func run(_ vertex: Vertex, key: ContentDigest, inputs: [Snapshot]) async throws -> StepOutcome {
        ran.withLock { $0.append(vertex.name) }
        if failing.contains(vertex.name) {
            return .failed(StepFailed(vertex: vertex.digest, key: key, message: "no", exitCode: 3))
        }
        let layer = ContentDigest(of: contents[vertex.name] ?? vertex.name)
        let snapshot = (inputs.first ?? .scratch).appending(layer)
        let result = StepResult(parent: inputs.first?.chainID, diffID: layer, chainID: snapshot.chainID, size: 1)
        let outputs = VertexOutputs(snapshots: [snapshot], results: [result])
        results.withLock { $0[key] = outputs }
        return .finished(outputs, [:])
    }
}

@Suite("Solver")
struct SolverTests {
    private let build = BuildID(time: Timestamp(seconds: 1), random: (0, 0))

    /// A chain of exec steps with these commands on `scratch`.
    private func chain(_ commands: [String]) throws -> Definition {
        var builder = DefinitionBuilder()
        var below = builder.add(.source(SourceOperation(identifier: "docker-image://base")))
        for command in commands {
            let exec = ExecOperation(
                process: ExecProcess(arguments: [command]),
                mounts: [ExecMount(input: 0, destination: "/", output: 0)]
            )
            below = builder.add(.exec(exec), inputs: [below])
        }
        return try builder.finish(output: below)
    }

    private func solve(
        _ definition: Definition,
        _ port: FakePort,
        _ log: MemoryLog,
        options: SolverOptions = SolverOptions(maxParallelism: 4)
    ) async throws -> [ContentDigest: VertexOutputs] {
        let sources = definition.vertices.filter { if case .source = $0.operation { true } else { false } }
        let pinned = Dictionary(uniqueKeysWithValues: sources.map { ($0.digest, Snapshot.scratch) })
        let solver = Solver(
            definitions: [definition],
            sources: pinned,
            options: options,
            port: port,
            log: log,
            build: build
        )
        return try await solver.solve()
    }

    @Test("What ran once is reused, and told as such")
    func reuse() async throws {
        let (port, log) = (FakePort(), MemoryLog())
        let definition = try chain(["one", "two"])
        let first = try await solve(definition, port, log)
        let second = try await solve(definition, port, log)
        #expect(first == second)
        #expect(port.ran.withLock(\.self) == ["one", "two"])
        #expect(log.count { if case .stepReused = $0 { true } else { false } } == 2)
    }

    @Test("Without cache everything runs again")
    func noCache() async throws {
        let (port, log) = (FakePort(), MemoryLog())
        let definition = try chain(["one", "two"])
        _ = try await solve(definition, port, log)
        _ = try await solve(definition, port, log, options: SolverOptions(maxParallelism: 1, ignoreCache: true))
        #expect(port.ran.withLock(\.self).count == 4)
    }

    @Test("A step that reran and gave the same bytes leaves what follows cached")
    func earlyCutoff() async throws {
        let port = FakePort(contents: ["one": "same", "uno": "same"])
        let log = MemoryLog()
        _ = try await solve(chain(["one", "two"]), port, log)
        _ = try await solve(chain(["uno", "two"]), port, log)
        #expect(port.ran.withLock(\.self) == ["one", "two", "uno"])
    }

    @Test("A failed step ends the build, is recorded, and nothing after it starts")
    func failure() async throws {
        let (port, log) = (FakePort(failing: ["two"]), MemoryLog())
        await #expect(throws: SolveError.self) { try await solve(chain(["one", "two", "three"]), port, log) }
        #expect(port.ran.withLock(\.self) == ["one", "two"])
        #expect(log.count { if case .stepFailed = $0 { true } else { false } } == 1)
    }

    @Test("Where only cached results are expected, the first miss ends the build")
    func expectCached() async throws {
        let (port, log) = (FakePort(), MemoryLog())
        _ = try await solve(chain(["one"]), port, log)
        let options = SolverOptions(maxParallelism: 1, expectCached: true)
        _ = try await solve(chain(["one"]), port, log, options: options)
        await #expect(throws: SolveError.self) { try await solve(chain(["one", "two"]), port, log, options: options) }
        #expect(port.ran.withLock(\.self) == ["one"])
    }

    @Test("Proxy variables and names for people are not part of a key; everything else of the operation is")
    func keys() throws {
        func key(_ change: (inout ExecOperation) -> Void, name: String = "n") throws -> ContentDigest {
            var exec = ExecOperation(
                process: ExecProcess(arguments: ["a"]),
                mounts: [ExecMount(input: nil, destination: "/", output: 0)]
            )
            change(&exec)
            var builder = DefinitionBuilder()
            let metadata = VertexMetadata(description: ["llb.customname": name])
            let output = builder.add(.exec(exec), metadata: metadata)
            let definition = try builder.finish(output: output)
            let vertex = try #require(definition.vertices.first)
            return ContentDigest(
                of: StepPreimage.json(vertex: vertex, inputs: [], timestamps: .default, semantics: 1).canonicalBytes
            )
        }
        let plain = try key { _ in }
        #expect(try key({ _ in }, name: "other") == plain)
        #expect(try key { $0.process.proxy = ProxyEnvironment(http: "http://proxy") } == plain)
        #expect(try key { $0.process.environment = ["A=1"] } != plain)
        #expect(try key { $0.process.workingDirectory = "/x" } != plain)
        #expect(try key { $0.network = .none } != plain)
        #expect(try key { $0.mounts.append(ExecMount(input: nil, destination: "/t", kind: .tmpfs(size: 0))) } != plain)
    }
}
