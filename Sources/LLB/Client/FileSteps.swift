// SPDX-License-Identifier: Apache-2.0

/// Changes of files, one after the other.
///
/// A value: every method gives back new steps. Relative paths start from the directory of the state that the steps are
/// applied to. An owner by name is looked up in that state.
public struct FileSteps: Sendable {
    var steps: [FileStep] = []

    /// No steps yet.
    public init() {}

    private func adding(_ change: FileChange, from source: FileStepSource? = nil) -> FileSteps {
        var copy = self
        copy.steps.append(FileStep(change: change, source: source))
        return copy
    }

    /// Makes a directory.
    public func makeDirectory(
        _ path: String,
        mode: Int32 = 0o755,
        makesParents: Bool = false,
        owner: Ownership? = nil,
        timestamp: Int64? = nil
    ) -> FileSteps {
        adding(
            .makeDirectory(
                MakeDirectoryAction(
                    path: path,
                    mode: mode & 0o777,
                    makesParents: makesParents,
                    owner: owner,
                    timestamp: timestamp
                )
            )
        )
    }

    /// Writes a file.
    public func makeFile(
        _ path: String,
        mode: Int32 = 0o644,
        _ data: [UInt8],
        owner: Ownership? = nil,
        timestamp: Int64? = nil
    ) -> FileSteps {
        adding(
            .makeFile(MakeFileAction(path: path, mode: mode & 0o777, data: data, owner: owner, timestamp: timestamp))
        )
    }

    /// Writes a text file.
    public func makeFile(_ path: String, mode: Int32 = 0o644, _ text: String, owner: Ownership? = nil) -> FileSteps {
        makeFile(path, mode: mode, Array(text.utf8), owner: owner)
    }

    /// Makes a symbolic link at `path` that says `target`.
    public func symlink(
        _ path: String,
        to target: String,
        owner: Ownership? = nil,
        timestamp: Int64? = nil
    ) -> FileSteps {
        adding(.symlink(SymlinkAction(target: target, path: path, owner: owner, timestamp: timestamp)))
    }

    /// Removes a path, or what a wildcard matches.
    public func remove(_ path: String, allowsNotFound: Bool = false, allowsWildcard: Bool = false) -> FileSteps {
        adding(.remove(RemoveAction(path: path, allowsNotFound: allowsNotFound, allowsWildcard: allowsWildcard)))
    }

    /// Copies from a state.
    ///
    /// - Parameter configure: Sets the options of the copy.
    public func copy(
        from state: State,
        _ source: String,
        to destination: String,
        configure: (inout CopyAction) -> Void = { _ in }
    ) -> FileSteps {
        copy(from: .state(state), source, to: destination, configure)
    }

    /// Copies from what other steps make of a state, without making that a vertex of its own.
    public func copy(
        from steps: FileSteps,
        on state: State,
        _ source: String,
        to destination: String,
        configure: (inout CopyAction) -> Void = { _ in }
    ) -> FileSteps {
        copy(from: .steps(steps, on: state), source, to: destination, configure)
    }

    private func copy(
        from source: FileStepSource,
        _ path: String,
        to destination: String,
        _ configure: (inout CopyAction) -> Void
    ) -> FileSteps {
        var action = CopyAction(source: path, destination: destination)
        configure(&action)
        return adding(.copy(action), from: source)
    }
}

/// One step, its paths and owners as they were given.
struct FileStep: Sendable {
    let change: FileChange
    let source: FileStepSource?
}

/// What a copy reads.
enum FileStepSource: Sendable {
    case state(State)
    case steps(FileSteps, on: State)
}
