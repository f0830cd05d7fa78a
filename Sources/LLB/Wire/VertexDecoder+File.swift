// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LLBProto
import SwiftProtobuf

extension VertexDecoder {
    func read(_ file: PBFileOp) throws(LLBError) -> FileOperation {
        try check(file, "FileOp")
        guard !file.actions.isEmpty else { throw invalid("a file operation needs an action") }
        var actions: [FileAction] = []
        actions.reserveCapacity(file.actions.count)
        for action in file.actions { actions.append(try read(action, at: actions.count)) }
        let outputs = actions.compactMap(\.output).sorted()
        guard outputs == Array(0..<outputs.count), !outputs.isEmpty else {
            throw invalid("a file operation needs outputs that count from 0, each of one action")
        }
        return FileOperation(actions: actions)
    }

    private func read(_ action: PBFileAction, at position: Int) throws(LLBError) -> FileAction {
        guard action.action != nil || action.unknownFields.data.isEmpty else {
            throw .unknownOperation(vertex: digest, what: "file action \(position)")
        }
        try check(action, "FileAction")
        guard action.output >= -1, action.output < Int64(Self.maximumOutputCount) else {
            throw invalid("file action \(position) becomes output \(action.output)")
        }
        return FileAction(
            base: try operand(action.input, of: position),
            source: try operand(action.secondaryInput, of: position),
            output: action.output < 0 ? nil : Int(action.output),
            change: try change(of: action, at: position)
        )
    }

    private func change(of action: PBFileAction, at position: Int) throws(LLBError) -> FileChange {
        switch action.action {
        case nil: throw invalid("file action \(position) does nothing")
        case .copy(let copy): return .copy(try read(copy, at: position))
        case .mkfile(let file):
            try check(file, "FileActionMkFile")
            return .makeFile(
                MakeFileAction(
                    path: file.path,
                    mode: file.mode,
                    data: Array(file.data),
                    owner: try owner(file.hasOwner ? file.owner : nil, of: position),
                    timestamp: time(file.timestamp)
                )
            )
        case .mkdir(let directory):
            try check(directory, "FileActionMkDir")
            return .makeDirectory(
                MakeDirectoryAction(
                    path: directory.path,
                    mode: directory.mode,
                    makesParents: directory.makeParents,
                    owner: try owner(directory.hasOwner ? directory.owner : nil, of: position),
                    timestamp: time(directory.timestamp)
                )
            )
        case .symlink(let link):
            try check(link, "FileActionSymlink")
            return .symlink(
                SymlinkAction(
                    target: link.oldpath,
                    path: link.newpath,
                    owner: try owner(link.hasOwner ? link.owner : nil, of: position),
                    timestamp: time(link.timestamp)
                )
            )
        case .rm(let remove):
            try check(remove, "FileActionRm")
            return .remove(
                RemoveAction(
                    path: remove.path,
                    allowsNotFound: remove.allowNotFound,
                    allowsWildcard: remove.allowWildcard
                )
            )
        }
    }

    private func read(_ message: PBFileActionCopy, at position: Int) throws(LLBError) -> CopyAction {
        try check(message, "FileActionCopy")
        var copy = CopyAction(source: message.src, destination: message.dest)
        copy.owner = try owner(message.hasOwner ? message.owner : nil, of: position)
        copy.mode = message.mode == -1 ? nil : message.mode
        copy.symbolicMode = message.modeStr
        copy.followsSymlink = message.followSymlink
        copy.copiesDirectoryContents = message.dirCopyContents
        copy.unpacksArchive = message.attemptUnpackDockerCompatibility
        copy.createsDestinationPath = message.createDestPath
        copy.allowsWildcard = message.allowWildcard
        copy.allowsEmptyWildcard = message.allowEmptyWildcard
        copy.timestamp = time(message.timestamp)
        copy.includePatterns = message.includePatterns
        copy.excludePatterns = message.excludePatterns
        copy.replacesExisting = message.alwaysReplaceExistingDestPaths
        copy.requiredPaths = message.requiredPaths
        return copy
    }

    private func time(_ value: Int64) -> Int64? { value == -1 ? nil : value }

    /// An index that counts the inputs first and the actions after them; -1 is `nil`.
    private func operand(_ value: Int64, of position: Int) throws(LLBError) -> FileOperand? {
        if value == -1 { return nil }
        guard value >= 0, value < Int64(inputs.count + position) else {
            throw invalid("file action \(position) reads \(value), which is neither an input nor an earlier action")
        }
        return value < Int64(inputs.count) ? .input(Int(value)) : .action(Int(value) - inputs.count)
    }

    private func owner(_ message: PBChownOpt?, of position: Int) throws(LLBError) -> Ownership? {
        guard let message else { return nil }
        try check(message, "ChownOpt")
        return Ownership(
            user: try reference(message.hasUser ? message.user : nil, of: position),
            group: try reference(message.hasGroup ? message.group : nil, of: position)
        )
    }

    private func reference(_ message: PBUserOpt?, of position: Int) throws(LLBError) -> OwnerReference? {
        guard let message else { return nil }
        try check(message, "UserOpt")
        switch message.user {
        case nil: return nil
        case .byID(let id): return .id(id)
        case .byName(let named):
            try check(named, "NamedUserOpt")
            return .name(named.name, operand: try operand(named.input, of: position))
        }
    }
}
