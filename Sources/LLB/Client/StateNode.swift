// SPDX-License-Identifier: Apache-2.0

/// What makes a state's files: a vertex that is not written yet.
///
/// Never changed once it is made, until it goes away.
final class StateNode: Sendable {
    /// What it does.
    var kind: StateNodeKind { unsafe storage }
    /// What holds for it besides.
    let options: VertexOptions
    private nonisolated(unsafe) var storage: StateNodeKind

    init(_ kind: StateNodeKind, _ options: VertexOptions) {
        unsafe storage = kind
        self.options = options
    }

    /// Lets go of a long chain one node after the other, since each within the one before would need a deep stack.
    deinit {
        var waiting = release()
        while var node = waiting.popLast() {
            if isKnownUniquelyReferenced(&node) { waiting += node.release() }
        }
    }

    /// Forgets what it reads; for when nothing else refers to it.
    private func release() -> [StateNode] {
        let nodes = inputs.map(\.node)
        unsafe storage = .merge([])
        return nodes
    }

    /// What it reads, in the order in which the vertex names it.
    var inputs: [StateOutput] {
        switch kind {
        case .source: []
        case .merge(let inputs): inputs
        case .diff(let lower, let upper): [lower, upper].compactMap { $0 }
        case .run(let plan): plan.mounts.compactMap(\.source)
        case .file(let steps, let state): FilePlan.inputs(of: steps, on: state)
        }
    }
}

/// What a vertex does.
enum StateNodeKind: Sendable {
    case source(SourcePlan)
    case run(RunPlan)
    case file(FileSteps, on: State)
    case merge([StateOutput])
    case diff(lower: StateOutput?, upper: StateOutput?)
}

/// An output of a vertex that is not written yet.
struct StateOutput: Sendable {
    let node: StateNode
    /// Of a run: which mount.
    var mount: Int?

    /// The index of the output.
    var index: Int {
        if case .run(let plan) = node.kind, let mount { plan.outputIndex(of: mount) } else { 0 }
    }
}

/// A run that is not written yet.
struct RunPlan: Sendable {
    /// One of its mounts.
    struct Mount: Sendable {
        let id: Int
        let source: StateOutput?
        let mount: PlannedMount
    }

    /// The id of the mount at `/`.
    static let rootMount = -1

    let arguments: [String]
    let options: RunOptions
    /// By destination, as BuildKit's client sorts them.
    let mounts: [Mount]

    init(base: StateOutput?, arguments: [String], options: RunOptions) {
        self.arguments = arguments
        self.options = options
        let root = PlannedMount(
            destination: "/",
            source: .scratch,
            isReadOnly: options.isRootReadOnly,
            kind: .bind
        )
        var all = [Mount(id: Self.rootMount, source: base, mount: root)]
        for (id, mount) in options.mounts.enumerated() {
            all.append(Mount(id: id, source: mount.source.output, mount: mount))
        }
        mounts = all.enumerated().sorted { left, right in
            let (first, second) = (left.element.mount.destination.utf8, right.element.mount.destination.utf8)
            return first.elementsEqual(second) ? left.offset < right.offset : first.lexicographicallyPrecedes(second)
        }.map(\.element)
    }

    func outputIndex(of id: Int) -> Int {
        mounts.filter(\.mount.givesOutput).firstIndex { $0.id == id } ?? 0
    }
}
