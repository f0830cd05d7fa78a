// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB
import Layers
import OCIModel

/// One execution of a file operation.
struct FileOperationRun {
    private let executor: FileOperationExecutor
    private let inputs: [Snapshot]
    private let actions: [FileAction]
    /// What the actions made so far, as long as something may still need it.
    private var trees: [FileTree?] = []
    /// How often each action's result is still needed.
    private var needs: [Int]
    /// The inputs that were looked at, unchanged.
    private var shown: [Int: FileTree] = [:]

    init(executor: FileOperationExecutor, inputs: [Snapshot], actions: [FileAction]) throws {
        self.executor = executor
        self.inputs = inputs
        self.actions = actions
        needs = Array(repeating: 0, count: actions.count)
        for (index, action) in actions.enumerated() {
            if action.output != nil { needs[index] += 1 }
            for operand in action.operands {
                guard case .action(let earlier) = operand else { continue }
                guard earlier < index else { throw FileOperationError(action.change.summary, .missingInput(earlier)) }
                needs[earlier] += 1
            }
        }
    }

    /// Runs the actions in order and writes the outputs.
    mutating func perform() throws -> [FileOperationResult] {
        for action in actions {
            do {
                trees.append(try perform(action))
            } catch PathFailure.reason(let reason) {
                throw FileOperationError(action.change.summary, reason)
            } catch PathFailure.other(let error) {
                throw error
            }
        }
        let outputs = actions.indices.filter { actions[$0].output != nil }
        return try outputs.sorted { (actions[$0].output ?? 0) < (actions[$1].output ?? 0) }.map { index in
            guard let tree = trees[index] else { throw FileOperationError("output", .missingInput(index)) }
            let layer = try tree.commit(to: executor.layers, timestamps: executor.timestamps)
            return FileOperationResult(base: tree.base, layer: layer)
        }
    }

    private mutating func perform(_ action: FileAction) throws -> FileTree {
        let source: FileTree? =
            if case .copy = action.change { try action.source.map { try look(at: $0) } ?? emptyTree() } else { nil }
        let owner = try action.owner.map { try numbers(of: $0) }
        let tree = try action.base.map { try take($0) } ?? emptyTree()
        action.operands.forEach { release($0) }
        switch action.change {
        case .makeDirectory(let change): try tree.make(change, owner: owner)
        case .makeFile(let change): try tree.make(change, owner: owner)
        case .symlink(let change): try tree.make(change, owner: owner)
        case .remove(let change): try tree.remove(change)
        case .copy(let change):
            guard let source else { break }
            var copier = try Copier(change, from: source, to: tree, owner: owner, layers: executor.layers)
            try copier.copy()
        }
        return tree
    }

    private func emptyTree() throws -> FileTree {
        try FileTree(.scratch, in: executor.layers, now: executor.now)
    }

    /// The files of an operand, to be read.
    private mutating func look(at operand: FileOperand) throws -> FileTree {
        switch operand {
        case .action(let index):
            guard trees.indices.contains(index), let tree = trees[index] else {
                throw PathFailure.reason(.missingInput(index))
            }
            return tree
        case .input(let index):
            if let tree = shown[index] { return tree }
            guard inputs.indices.contains(index) else { throw PathFailure.reason(.missingInput(index)) }
            let tree = try FileTree(inputs[index], in: executor.layers, now: executor.now)
            shown[index] = tree
            return tree
        }
    }

    /// The files of an operand, to be changed; a copy where something else needs them too.
    private mutating func take(_ operand: FileOperand) throws -> FileTree {
        switch operand {
        case .input(let index):
            guard inputs.indices.contains(index) else { throw PathFailure.reason(.missingInput(index)) }
            return try FileTree(inputs[index], in: executor.layers, now: executor.now)
        case .action(let index):
            let tree = try look(at: operand)
            return needs[index] > 1 ? tree.fork() : tree
        }
    }

    private mutating func release(_ operand: FileOperand) {
        guard case .action(let index) = operand else { return }
        needs[index] -= 1
        if needs[index] == 0 { trees[index] = nil }
    }

    private mutating func numbers(of owner: Ownership) throws -> OwnerNumbers {
        var found = OwnerNumbers(uid: 0, gid: 0)
        switch owner.user {
        case nil: break
        case .id(let id): found = OwnerNumbers(uid: id, gid: id)
        case .name(let name, let operand):
            guard let operand else { throw PathFailure.reason(.ownerWithoutInput(name)) }
            if let user = try AccountFile.user(name, in: look(at: operand)) { found = user }
        }
        switch owner.group {
        case nil: break
        case .id(let id): found.gid = id
        case .name(let name, let operand):
            guard let operand else { throw PathFailure.reason(.ownerWithoutInput(name)) }
            found.gid = try AccountFile.group(name, in: look(at: operand)) ?? found.gid
        }
        return found
    }
}

extension FileAction {
    /// Everything that the action reads or changes.
    var operands: [FileOperand] {
        [base, source].compactMap { $0 }
            + [owner?.user, owner?.group].compactMap { reference in
                if case .name(_, let operand)? = reference { operand } else { nil }
            }
    }

    /// Whose the result is to be.
    var owner: Ownership? {
        switch change {
        case .copy(let copy): copy.owner
        case .makeFile(let file): file.owner
        case .makeDirectory(let directory): directory.owner
        case .symlink(let link): link.owner
        case .remove: nil
        }
    }

    /// Whether the action reads input `index`, as source of a copy or to look up an owner.
    func reads(_ index: Int) -> Bool {
        var readers = operands
        if base != nil { readers.removeFirst() }
        return readers.contains(.input(index))
    }
}
