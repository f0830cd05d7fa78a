// SPDX-License-Identifier: Apache-2.0

import BuildModel
import FoundationEssentials
import LLBProto

extension PBFileAction {
    /// As BuildKit's `FileAction.MarshalJSON` writes it, which knows no symlink.
    var dumped: JSONValue {
        [
            "input": .integer(input), "secondaryInput": .integer(secondaryInput), "output": .integer(output),
            "Action": dumpedAction,
        ]
    }

    private var dumpedAction: JSONValue {
        .make { object in
            switch action {
            case nil, .symlink: break
            case .copy(let copy): object.set("copy", copy.dumped)
            case .mkfile(let file):
                object.set(
                    "mkfile",
                    .make {
                        $0.text("path", file.path)
                        $0.number("mode", file.mode)
                        $0.data("data", file.data)
                        if file.hasOwner { $0.set("owner", file.owner.dumped) }
                        $0.number("timestamp", file.timestamp)
                    }
                )
            case .mkdir(let directory):
                object.set(
                    "mkdir",
                    .make {
                        $0.text("path", directory.path)
                        $0.number("mode", directory.mode)
                        $0.flag("makeParents", directory.makeParents)
                        if directory.hasOwner { $0.set("owner", directory.owner.dumped) }
                        $0.number("timestamp", directory.timestamp)
                    }
                )
            case .rm(let remove):
                object.set(
                    "rm",
                    .make {
                        $0.text("path", remove.path)
                        $0.flag("allowNotFound", remove.allowNotFound)
                        $0.flag("allowWildcard", remove.allowWildcard)
                    }
                )
            }
        }
    }
}

extension PBFileActionCopy {
    fileprivate var dumped: JSONValue {
        .make {
            $0.text("src", src)
            $0.text("dest", dest)
            if hasOwner { $0.set("owner", owner.dumped) }
            $0.number("mode", mode)
            $0.flag("followSymlink", followSymlink)
            $0.flag("dirCopyContents", dirCopyContents)
            $0.flag("attemptUnpackDockerCompatibility", attemptUnpackDockerCompatibility)
            $0.flag("createDestPath", createDestPath)
            $0.flag("allowWildcard", allowWildcard)
            $0.flag("allowEmptyWildcard", allowEmptyWildcard)
            $0.number("timestamp", timestamp)
            $0.texts("include_patterns", includePatterns)
            $0.texts("exclude_patterns", excludePatterns)
            $0.flag("alwaysReplaceExistingDestPaths", alwaysReplaceExistingDestPaths)
            $0.text("modeStr", modeStr)
            $0.texts("required_paths", requiredPaths)
        }
    }
}

extension PBChownOpt {
    fileprivate var dumped: JSONValue {
        .make {
            if hasUser { $0.set("user", user.dumped) }
            if hasGroup { $0.set("group", group.dumped) }
        }
    }
}

extension PBUserOpt {
    /// As BuildKit's `UserOpt.MarshalJSON` writes it.
    fileprivate var dumped: JSONValue {
        let user = JSONValue.make { object in
            switch self.user {
            case nil: break
            case .byID(let id): object.number("byId", id)
            case .byName(let named):
                object.set(
                    "byName",
                    .make {
                        $0.text("name", named.name)
                        $0.number("input", named.input)
                    }
                )
            }
        }
        return ["User": user]
    }
}
