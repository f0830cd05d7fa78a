// SPDX-License-Identifier: Apache-2.0

/// Turns steps into the actions of one vertex.
///
/// Source: BuildKit, `client/llb/fileop.go`, `FileOp.Marshal`.
struct FilePlan {
    private let marshaller: StateMarshaller
    /// What the actions read.
    private(set) var inputs: [VertexInput] = []
    private var actions: [FileAction] = []

    init(marshaller: StateMarshaller) { self.marshaller = marshaller }

    /// What steps on a state read, in the order in which they come to it.
    static func inputs(of steps: FileSteps, on state: State) -> [StateOutput] {
        var outputs = state.output.map { [$0] } ?? []
        for step in steps.steps {
            switch step.source {
            case nil: break
            case .state(let source): outputs += source.output.map { [$0] } ?? []
            case .steps(let inner, let base): outputs += Self.inputs(of: inner, on: base)
            }
        }
        return outputs
    }

    mutating func operation(_ steps: FileSteps, on state: State) throws -> FileOperation {
        _ = add(steps, on: state)
        if !actions.isEmpty { actions[actions.count - 1].output = 0 }
        return FileOperation(actions: actions)
    }

    /// Adds the actions of `steps`; gives back what holds their result.
    private mutating func add(_ steps: FileSteps, on state: State) -> FileOperand? {
        let base = operand(state)
        var last = base
        for step in steps.steps {
            var source: FileOperand?
            var sourceDirectory = "/"
            switch step.source {
            case nil: break
            case .state(let from):
                source = operand(from)
                sourceDirectory = from.settings.directory
            case .steps(let inner, let from):
                source = add(inner, on: from)
                sourceDirectory = from.settings.directory
            }
            let change = step.change.resolved(
                in: state.settings.directory,
                sourceDirectory: sourceDirectory,
                accounts: base
            )
            actions.append(FileAction(base: last, source: source, output: nil, change: change))
            last = .action(actions.count - 1)
        }
        return last
    }

    private mutating func operand(_ state: State) -> FileOperand? {
        guard let output = state.output, let input = marshaller.input(output) else { return nil }
        if let index = inputs.firstIndex(of: input) { return .input(index) }
        inputs.append(input)
        return .input(inputs.count - 1)
    }
}

extension FileChange {
    /// The change with rooted paths, and owners by name looked up in `accounts`.
    fileprivate func resolved(in directory: String, sourceDirectory: String, accounts: FileOperand?) -> FileChange {
        func path(_ path: String, keepingSlash: Bool = false) -> String {
            UnixPath.absolute(path, in: directory, keepingSlash: keepingSlash)
        }
        func owner(_ owner: Ownership?) -> Ownership? {
            func reference(_ reference: OwnerReference?) -> OwnerReference? {
                if case .name(let name, _)? = reference { .name(name, operand: accounts) } else { reference }
            }
            return owner.map { Ownership(user: reference($0.user), group: reference($0.group)) }
        }
        switch self {
        case .makeDirectory(var action):
            action.path = path(action.path)
            action.owner = owner(action.owner)
            return .makeDirectory(action)
        case .makeFile(var action):
            action.path = path(action.path)
            action.owner = owner(action.owner)
            return .makeFile(action)
        case .symlink(var action):
            // The client leaves a link's path as it is; the builder takes it from the root.
            action.owner = owner(action.owner)
            return .symlink(action)
        case .remove(var action):
            action.path = path(action.path)
            return .remove(action)
        case .copy(var action):
            let source = UnixPath.clean(action.source)
            action.source = source.hasPrefix("/") ? source : UnixPath.join(sourceDirectory, source)
            action.destination = path(action.destination, keepingSlash: true)
            action.owner = owner(action.owner)
            return .copy(action)
        }
    }
}
