// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel

/// Builds a Dockerfile or an LLB graph, and records it.
struct BuildCommand: ReelCommand {
    static let entersNamespaces = true
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Build a Dockerfile, or LLB from a file or a pipe, and record the build.",
        discussion: """
            PATH is the context: the directory that COPY reads, or a git repository as URL#REF:SUBDIR. With '-' standard input \
            is the context, as a tar (plain, or compressed with gzip, bzip2, xz or zstd), or a Dockerfile alone. Without PATH a \
            serialized LLB definition is read from standard input, or from --llb FILE.
            """
    )

    @Argument(help: ArgumentHelp("The context, or '-'.", valueName: "PATH"), completion: .directory)
    var path: String?

    @OptionGroup(title: "What is built") var options: BuildOptions
    @OptionGroup(title: "What is made of it") var output: OutputOptions
    @OptionGroup(title: "What is kept of it") var record: RecordOptions
    @OptionGroup(title: "How it goes on") var run: RunOptions
    @OptionGroup var end: EndOptions
    @OptionGroup var store: StoreOptions

    @Option(help: ArgumentHelp("A file with a serialized LLB definition.", valueName: "FILE"), completion: .file())
    var llb: String?

    @Option(
        name: .customLong("local"),
        help: ArgumentHelp("A directory for a local source of the LLB.", valueName: "NAME=DIR")
    )
    var locals: [String] = []

    @Flag(help: "Check the Dockerfile, as 'reel dockerfile lint' does, and build nothing.")
    var check = false

    func perform(on console: Console) async throws -> Int32 {
        if check { return try await dockerfileCheck(console).perform(on: console) }
        let request = try request(for: console)
        let progress = self.end.progress(for: console)
        let engine = try store.engine(for: console)
        let end = BuildEnd(engine: engine, console: console, progress: progress, run: self.end)
        return try await end.tell(of: request.outputs) {
            try await engine.build(request, observer: progress)
        }
    }

    private func dockerfileCheck(_ console: Console) throws -> DockerfileCheck {
        let input = try BuildInput(path: path, file: options.file, llb: llb, console: console)
        guard case .dockerfile(let name, let given) = input.frontend else {
            throw UsageError("--check reads a Dockerfile, and this is LLB")
        }
        var bytes = given
        if bytes == nil, let directory = input.directory {
            // With '-' the input itself; a tar is none that can be checked.
            let path = self.path == "-" ? directory : name.hasPrefix("/") ? name : directory + "/" + name
            bytes = try InputFile.read(path, limit: 16 << 20)
        }
        return DockerfileCheck(
            name: name,
            bytes: bytes ?? [],
            target: options.target,
            buildArguments: options.buildArguments,
            json: end.json
        )
    }
}
