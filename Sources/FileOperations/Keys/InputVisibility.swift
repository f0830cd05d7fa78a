// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import LLB
public import Layers

/// How much of an input a file operation can see, which is what of it belongs in the step's key.
public enum InputVisibility: Hashable, Sendable {
    /// None of it.
    case nothing
    /// All of it: the operation changes it, so its content identity counts.
    case whole
    /// What copies select and owners are looked up in. Equal digests mean equal results; times don't count.
    case selection(ContentDigest)
}

extension FileOperation {
    /// How much of input `index` the operation can see.
    ///
    /// - Parameter view: The input's files, asked for only where a selection must be looked at.
    /// - Throws: `FileOperationError` where a selected path is missing or a pattern malformed, as executing would.
    public func visibility(of index: Int, in view: () throws -> LayerView) throws -> InputVisibility {
        let isChanged = actions.contains { $0.base == .input(index) }
        if isChanged { return .whole }
        let readers = actions.enumerated().filter { $0.element.reads(index) }
        guard !readers.isEmpty else { return .nothing }
        return .selection(
            try InputSelection(view: view(), index: index).digest(of: readers.map { ($0.offset, $0.element) })
        )
    }
}
