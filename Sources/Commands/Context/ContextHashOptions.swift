// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import BuildSources

/// In which forms a context's hash is printed, for a directory and for a recorded build alike.
struct ContextHashOptions: ParsableArguments {
    @Option(
        name: .customLong("format"),
        help: ArgumentHelp(
            "reel, git-tree, git-tree-sha256, h1, sha256sums, nar, tar, buildkit, or all; repeatable.",
            valueName: "FORMAT"
        )
    )
    var formats: [String] = []

    @Option(
        name: .customLong("context-modes"),
        help: ArgumentHelp(
            "Permission bits that count: git's two ('git'), which no umask changes, or all ('keep').",
            valueName: "git|keep"
        )
    )
    var modes: ContextModeChoice = .git

    @Flag(help: "Print the list that the formats sha256sums and h1 hash, for 'sha256sum -c'.")
    var list = false

    /// A way to hash a context.
    private enum Form {
        /// reel's own: the digest of the manifest.
        case reel
        /// One that another tool computes.
        case other(ContextHashFormat)
    }

    private func forms() throws -> [Form] {
        let names = list && formats.isEmpty ? ["sha256sums"] : formats.isEmpty ? ["reel"] : KeyValue.list(formats)
        if names == ["all"] { return [.reel] + ContextHashFormat.allCases.map(Form.other) }
        return try names.map { name in
            if name == "reel" { return .reel }
            guard let format = ContextHashFormat(rawValue: name) else {
                let known = ["reel"] + ContextHashFormat.allCases.map(\.rawValue) + ["all"]
                throw UsageError("--format \(name): there are \(known.joined(separator: ", "))")
            }
            return .other(format)
        }
    }

    /// Checks the names of the formats, before anything is read.
    func check() throws { _ = try forms() }

    /// Prints the hashes of `context`.
    ///
    /// - Throws: The refusal of a format where it is the only one that was asked for.
    func print(_ context: HashedContext, json: Bool, on console: Console) async throws {
        let forms = try forms()
        let others = forms.compactMap { form in if case .other(let format) = form { format } else { nil } }
        let (kept, processors) = (modes == .keep ? ContextModes.keep : .git, console.environment.processors)
        let outcomes = try await Offload.run { try context.hashes(others, modes: kept, parallelism: processors) }
        for name in context.unknownImages {
            console.tell("warning: \(name) is not in the store, so what its ONBUILD triggers copy does not count")
        }
        for form in forms {
            switch form {
            case .reel:
                let manifest = context.manifest.with(modes: kept)
                print("reel", manifest.digest.description, document: manifest.encoded, forms.count == 1, json, console)
            case .other(let format):
                switch outcomes[format] {
                case .success(let value)?:
                    print(format.rawValue, value.text, document: value.document, forms.count == 1, json, console)
                case .failure(let refusal)?:
                    if json {
                        let name = JSONValue.string(format.rawValue)
                        console.print(
                            ["id": name, "format": name, "hash": .null, "error": .string(refusal.description)]
                        )
                    } else if forms.count > 1 {
                        console.print("\(format.rawValue)  - (\(refusal.description))")
                    }
                    if forms.count == 1 { throw refusal }
                case nil: continue
                }
            }
        }
    }

    private func print(
        _ format: String,
        _ hash: String,
        document: [UInt8]?,
        _ isAlone: Bool,
        _ json: Bool,
        _ console: Console
    ) {
        if json {
            console.print(["id": .string(format), "format": .string(format), "hash": .string(hash)])
        } else if list, let document {
            console.output.write(bytes: document)
        } else {
            console.print(isAlone ? hash : "\(format)  \(hash)")
        }
    }
}
