// SPDX-License-Identifier: Apache-2.0

extension FileAction {
    /// Writes the fields of `FileAction`.
    func write(to out: inout WireWriter, inputCount: Int) {
        out.operand(1, base, inputCount)
        out.operand(2, source, inputCount)
        out.index(3, output)
        switch change {
        case .copy(let copy): out.message(4) { copy.write(to: &$0, inputCount) }
        case .makeFile(let file):
            out.message(5) { message in
                message.text(1, file.path)
                message.integer(2, Int64(file.mode))
                message.data(3, file.data)
                message.owner(4, file.owner, inputCount)
                message.integer(5, file.timestamp ?? -1)
            }
        case .makeDirectory(let directory):
            out.message(6) { message in
                message.text(1, directory.path)
                message.integer(2, Int64(directory.mode))
                message.boolean(3, directory.makesParents)
                message.owner(4, directory.owner, inputCount)
                message.integer(5, directory.timestamp ?? -1)
            }
        case .remove(let remove):
            out.message(7) { message in
                message.text(1, remove.path)
                message.boolean(2, remove.allowsNotFound)
                message.boolean(3, remove.allowsWildcard)
            }
        case .symlink(let link):
            out.message(8) { message in
                message.text(1, link.target)
                message.text(2, link.path)
                message.owner(3, link.owner, inputCount)
                message.integer(4, link.timestamp ?? -1)
            }
        }
    }
}

extension CopyAction {
    fileprivate func write(to out: inout WireWriter, _ inputCount: Int) {
        out.text(1, source)
        out.text(2, destination)
        out.owner(3, owner, inputCount)
        out.integer(4, Int64(mode ?? -1))
        out.boolean(5, followsSymlink)
        out.boolean(6, copiesDirectoryContents)
        out.boolean(7, unpacksArchive)
        out.boolean(8, createsDestinationPath)
        out.boolean(9, allowsWildcard)
        out.boolean(10, allowsEmptyWildcard)
        out.integer(11, timestamp ?? -1)
        out.texts(12, includePatterns)
        out.texts(13, excludePatterns)
        out.boolean(14, replacesExisting)
        out.text(15, symbolicMode)
        out.texts(16, requiredPaths)
    }
}

extension WireWriter {
    /// An index that counts the inputs first and the actions after them.
    fileprivate mutating func operand(_ field: Int, _ operand: FileOperand?, _ inputCount: Int) {
        switch operand {
        case nil: index(field, nil)
        case .input(let input): index(field, input)
        case .action(let action): index(field, inputCount + action)
        }
    }

    /// A `ChownOpt`; `nil` is left out.
    fileprivate mutating func owner(_ field: Int, _ owner: Ownership?, _ inputCount: Int) {
        guard let owner else { return }
        message(field) { message in
            message.reference(1, owner.user, inputCount)
            message.reference(2, owner.group, inputCount)
        }
    }

    private mutating func reference(_ field: Int, _ reference: OwnerReference?, _ inputCount: Int) {
        guard let reference else { return }
        message(field) { message in
            switch reference {
            case .id(let id): message.forced(2, UInt64(id))
            case .name(let name, let operand):
                message.message(1) { named in
                    named.text(1, name)
                    named.operand(2, operand, inputCount)
                }
            }
        }
    }
}
