// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildEvents
import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Makes a key.
struct LogKeyNew: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a key, and print the half that verifies.",
        discussion: """
            The file is readable by its owner alone. Without -o it becomes the data root's own key, which signs every \
            checkpoint and recording from then on; whoever can write the data root can sign with it then, so keep a key \
            elsewhere to guard against them.
            """
    )

    @Argument(help: ArgumentHelp("Whose key it is, such as build.example.org.", valueName: "NAME"))
    var name: String

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("The file to make.", valueName: "FILE"),
        completion: .file()
    )
    var output: String?

    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let seed = (0..<4).flatMap { _ -> [UInt8] in
            let word = console.environment.random()
            return (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
        }
        let key = try NoteSigner(name: name, seed: seed)
        let root = store.path(in: console)
        if output == nil { try FileKind.makeFolders(root.string) }
        let path = output.map { console.environment.absolute($0) } ?? KeyFiles.own(in: root)
        let descriptor = unsafe reel_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let code = currentErrno()
            if code == EEXIST { throw UsageError("\(path): it exists, and a key is never overwritten") }
            throw SystemCallError("open", path, code: code)
        }
        let file = FileDescriptor(rawValue: descriptor)
        do {
            _ = try file.closeAfter { try file.writeAll((key.secretText + "\n").utf8) }
        } catch let code as Errno { throw SystemCallError("write", path, code: code.rawValue) }
        console.print(key.verifier.text)
        return 0
    }
}
