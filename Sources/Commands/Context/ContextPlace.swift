// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildModel
import EventStorage
import Layers
import SystemPackage

/// A directory that a command line names as a context, with its Dockerfile.
struct ContextPlace {
    let path: String
    let file: String?
    var target: String?
    var buildArguments: [String] = []
    var verifies = false
    var ignoreFile: String?

    /// Reads it; the data root is used where there is one, and never made.
    func read(_ store: StoreOptions, on console: Console) async throws -> HashedContext {
        let input = try BuildInput(path: path, file: file, llb: nil, console: console)
        if let repository = input.repository, case .dockerfile(name: let name, bytes: nil) = input.frontend {
            guard target == nil else { throw UsageError("--target \(target ?? ""): it goes with a directory alone") }
            return try await store.engine(for: console).context(
                ofRepository: repository,
                dockerfile: name,
                ignoreFile: ignoreFile.map { console.environment.absolute($0) }
            ) { console.tell("reel: \($0)") }
        }
        guard path != "-", let directory = input.directory,
            case .dockerfile(name: let name, bytes: nil) = input.frontend
        else {
            throw UsageError("\(path): name a directory, and a Dockerfile that is a file")
        }
        var request = ContextHashRequest(directory: FilePath(directory), dockerfile: name)
        request.target = target
        request.verifies = verifies
        request.ignoreFile = ignoreFile.map { console.environment.absolute($0) }
        for argument in buildArguments {
            let (name, value) = KeyValue.split(argument)
            guard !name.isEmpty else { throw UsageError("--build-arg \(argument): it has no name") }
            request.buildArguments[name] = .some(value)
        }
        let root = store.path(in: console)
        guard let log = try store.logIfAny(for: console) else {
            return try await request.read(images: nil, environment: console.environment)
        }
        request.statDirectory = root.appending("stat")
        return try await request.read(images: (log, try BlobStore(root: root)), environment: console.environment)
    }
}
