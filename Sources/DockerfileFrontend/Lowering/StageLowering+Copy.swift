// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB
import PathPatterns

/// COPY or ADD with its variables expanded.
struct FileTransfer {
    var isAdd = false
    var sources: [Word] = []
    var documents: [Heredoc] = []
    var destination = ""
    var owner = ""
    var mode: FileMode?
    var writtenMode = ""
    var isLinked = false
    var excludes: [String] = []
    var keepsParents = false
    var keepsGitDirectory: Bool?
    var checksum = Word(text: "", span: Span(line: 1, column: 0, length: 1))
    var unpacks: Bool?
    /// The tree that sources are paths in; `nil` where it is empty.
    var tree: Int?
    /// Whether that is the main context, to which the ignore rules apply.
    var isMainContext = false
}

/// The actions of one file vertex under construction.
struct FileActions {
    var inputs: [Int]
    private(set) var actions: [FileAction] = []
    private let base: FileOperand?
    var owner: Ownership?

    /// Starts with the tree that is changed.
    init(root: Int?) {
        inputs = root.map { [$0] } ?? []
        base = root.map { _ in .input(0) }
    }

    /// What names of owners are looked up in.
    var lookup: FileOperand? { base }

    /// Adds a copy from a tree; `nil` is an empty one.
    mutating func copy(_ action: CopyAction, from tree: Int?) {
        var operand: FileOperand?
        if let tree {
            let known = inputs.firstIndex(of: tree)
            operand = .input(known ?? inputs.count)
            if known == nil { inputs.append(tree) }
        }
        if !actions.isEmpty { actions[actions.count - 1].output = nil }
        let before: FileOperand? = actions.isEmpty ? base : .action(inputlessIndex)
        actions.append(FileAction(base: before, source: operand, output: 0, change: .copy(action)))
    }

    private var inputlessIndex: Int { actions.count - 1 }

    var operation: VertexOperation { .file(FileOperation(actions: actions)) }

    /// The features that the actions use.
    var capabilities: [String] {
        var result = ["file.base"]
        for case .copy(let copy) in actions.map(\.change) {
            if !copy.includePatterns.isEmpty || !copy.excludePatterns.isEmpty {
                result.append("file.copy.includeexcludepatterns")
            }
            if !copy.requiredPaths.isEmpty { result.append("file.copy.requiredpaths") }
            if !copy.symbolicMode.isEmpty { result.append("file.copy.modestring") }
        }
        return result
    }
}

extension StageLowering {
    mutating func lower(_ copy: CopyInstruction, _ command: StageCommand) throws(DockerfileError) {
        var transfer = try expand(copy.files, command)
        transfer.keepsParents = copy.keepsParents
        if let source = command.sources.first ?? nil {
            transfer.tree = target.states[source]?.root
        } else {
            transfer.tree = try target.mainContext()
            transfer.isMainContext = true
        }
        try lower(transfer, command)
    }

    mutating func lower(_ add: AddInstruction, _ command: StageCommand) throws(DockerfileError) {
        var transfer = try expand(add.files, command)
        transfer.isAdd = true
        transfer.keepsGitDirectory = add.keepsGitDirectory
        transfer.unpacks = add.unpacks
        if let checksum = add.checksum {
            transfer.checksum = Word(text: try expand(checksum, command), span: checksum.span)
            try checkChecksum(transfer, command)
        }
        if transfer.sources.contains(where: { !isRemote($0.text) }) {
            transfer.tree = try target.mainContext()
            transfer.isMainContext = true
        }
        try lower(transfer, command)
    }

    private func isRemote(_ source: String) -> Bool {
        if let git = GitReference(parsing: source) { return !git.looksLocal }
        if GitReference.isMeant(by: source) { return true }
        return source.hasPrefix("http://") || source.hasPrefix("https://")
    }

    private func checkChecksum(_ transfer: FileTransfer, _ command: StageCommand) throws(DockerfileError) {
        guard !transfer.checksum.text.isEmpty, let source = transfer.sources.first else { return }
        if transfer.sources.count == 1, isRemote(source.text) { return }
        throw command.error(
            "--checksum needs a source that is a URL or a git repository",
            at: transfer.checksum.span,
            in: target.file
        )
    }

    private mutating func expand(_ files: TransferredFiles, _ command: StageCommand) throws(DockerfileError)
        -> FileTransfer
    {
        var transfer = FileTransfer()
        if let owner = files.owner { transfer.owner = try expand(owner, command) }
        if let mode = files.mode {
            transfer.writtenMode = try expand(mode, command)
            if !transfer.writtenMode.isEmpty {
                guard let parsed = FileMode(transfer.writtenMode) else {
                    throw command.error(
                        "--chmod has no value '\(transfer.writtenMode)'",
                        at: mode.span,
                        advice: "write octal digits up to 7777, or letters such as u=rwX,go=rX",
                        in: target.file
                    )
                }
                transfer.mode = parsed
            }
        }
        for source in files.sources {
            transfer.sources.append(Word(text: try expand(source, command), span: source.span))
        }
        transfer.destination = try expand(files.destination, command)
        for document in files.documents { transfer.documents.append(try expand(document, command)) }
        transfer.isLinked = files.isLinked
        transfer.excludes = files.excludes.map(\.text)
        return transfer
    }

    private mutating func expand(_ document: Heredoc, _ command: StageCommand) throws(DockerfileError) -> Heredoc {
        var document = document
        document.content = document.text
        guard document.expands else { return document }
        var lexer = ShellLexer(escape: "\\")
        lexer.ignoresQuotes = true
        let environment = state.environment
        do {
            let result = try lexer.expand(document.content, lookup: { environment[$0] })
            warnUnset(result.unmatched, at: document.span, command)
            document.content = result.text
            return document
        } catch {
            let lines = document.content.utf8.prefix(error.offset).count { $0 == 0x0A }
            let span = Span(line: document.firstLine + lines, column: 0, length: 1)
            throw command.error("in the heredoc '\(document.name)': \(error.message)", at: span, in: target.file)
        }
    }

    // MARK: Vertices

    mutating func lower(_ transfer: FileTransfer, _ command: StageCommand) throws(DockerfileError) {
        let shown = shownCode(command)
        let name = stepName(shown, command)
        // BuildKit keeps modes out of linked layers' way: with --chmod a linked copy is a plain one.
        let isLinked = transfer.isLinked && transfer.mode == nil && settings.request.allowsMerge
        var actions = FileActions(root: isLinked ? nil : state.root)
        try add(transfer, to: &actions, name: name, command)
        let vertex = target.plan.add(
            actions.operation,
            inputs: actions.inputs,
            metadata: VertexMetadata(name: name, capabilities: actions.capabilities, ignoresCache: node.ignoresCache),
            lines: command.lines
        )
        if isLinked { merge(vertex, shown, command) } else { state.root = vertex }
        record(history(transfer), hasLayer: true, isBuilt: true)
    }

    /// Puts a layer that was made by itself on top.
    private mutating func merge(_ layer: Int, _ shown: String, _ command: StageCommand) {
        guard let root = state.root else {
            state.root = layer
            return
        }
        let name = stepName("LINK " + shown, command, again: true)
        state.root = target.plan.add(
            .merge(MergeOperation(inputs: [0, 1])),
            inputs: [root, layer],
            metadata: VertexMetadata(name: name, capabilities: ["mergeop"], ignoresCache: node.ignoresCache),
            lines: command.lines
        )
    }

    private func history(_ transfer: FileTransfer) -> String {
        var text = transfer.isAdd ? "ADD" : "COPY"
        if transfer.keepsParents { text += " --parents" }
        if !transfer.owner.isEmpty { text += " --chown=\(transfer.owner)" }
        if !transfer.writtenMode.isEmpty { text += " --chmod=\(transfer.writtenMode)" }
        for source in transfer.sources { text += " \(source.text)" }
        for document in transfer.documents { text += " <<\(document.name)" }
        return text + " \(transfer.destination)"
    }

    private mutating func add(
        _ transfer: FileTransfer,
        to actions: inout FileActions,
        name: String,
        _ command: StageCommand
    )
        throws(DockerfileError)
    {
        var plain = CopyAction(
            source: "/",
            destination: PathText.destination(transfer.destination, in: state.workingDirectory)
        )
        if !transfer.owner.isEmpty { plain.owner = Self.ownership(transfer.owner, base: actions.lookup) }
        plain.excludePatterns = transfer.excludes
        plain.createsDestinationPath = true
        switch transfer.mode {
        case .octal(let bits): plain.mode = bits
        case .symbolic(let text):
            plain.mode = 0
            plain.symbolicMode = text
        case nil: break
        }
        for source in transfer.sources {
            if let git = try gitReference(source, command), !git.looksLocal {
                try addGit(git, source, transfer, plain, to: &actions, name: name, command)
            } else if source.text.hasPrefix("http://") || source.text.hasPrefix("https://") {
                try addURL(source, transfer, plain, to: &actions, name: name, command)
            } else {
                addPath(source, transfer, plain, to: &actions, command)
            }
        }
        for document in transfer.documents { add(document, plain, to: &actions) }
    }

    private func gitReference(_ source: Word, _ command: StageCommand) throws(DockerfileError) -> GitReference? {
        do {
            return try GitReference.parse(source.text)
        } catch {
            throw command.error(error.message, at: source.span, in: target.file)
        }
    }

    private mutating func addGit(
        _ git: GitReference,
        _ source: Word,
        _ transfer: FileTransfer,
        _ plain: CopyAction,
        to actions: inout FileActions,
        name: String,
        _ command: StageCommand
    ) throws(DockerfileError) {
        guard transfer.isAdd else {
            throw command.error("COPY can't take a git repository", at: source.span, advice: "use ADD", in: target.file)
        }
        if let flag = transfer.keepsGitDirectory, let said = git.keepsGitDirectory, flag != said {
            throw command.error("--keep-git-dir and the URL contradict each other", at: source.span, in: target.file)
        }
        let given = transfer.checksum.text
        if !given.isEmpty, !git.checksum.isEmpty, given != git.checksum {
            throw command.error(
                "--checksum and the URL say different commits",
                at: transfer.checksum.span,
                in: target.file
            )
        }
        let (operation, capabilities) = git.source(
            keepsGitDirectory: git.keepsGitDirectory ?? transfer.keepsGitDirectory ?? false,
            checksum: git.checksum.isEmpty ? given : git.checksum
        )
        let tree = target.plan.add(
            .source(operation),
            metadata: VertexMetadata(name: name, capabilities: capabilities),
            lines: command.lines
        )
        var copy = plain
        copy.source = "/"
        actions.copy(copy, from: tree)
    }

    private mutating func addURL(
        _ source: Word,
        _ transfer: FileTransfer,
        _ plain: CopyAction,
        to actions: inout FileActions,
        name: String,
        _ command: StageCommand
    ) throws(DockerfileError) {
        guard transfer.isAdd else {
            throw command.error("COPY can't take a URL", at: source.span, advice: "use ADD", in: target.file)
        }
        guard URLUserInfo.split(source.text).userInfo == nil else {
            throw command.error(
                "user and password in a URL would be recorded",
                at: source.span,
                advice: "leave them out",
                in: target.file
            )
        }
        let fileName = Self.fileName(ofURL: source.text)
        var attributes = [SourceAttribute.httpFilename: fileName]
        var capabilities = ["source.http"]
        if !transfer.checksum.text.isEmpty {
            guard let digest = try? ContentDigest(parsing: transfer.checksum.text) else {
                throw command.error(
                    "'\(transfer.checksum.text)' is no sha256 digest",
                    at: transfer.checksum.span,
                    advice: "write sha256:<64 hex digits>",
                    in: target.file
                )
            }
            attributes[SourceAttribute.httpChecksum] = digest.description
            capabilities.append("source.http.checksum")
        }
        let tree = target.plan.add(
            .source(SourceOperation(identifier: source.text, attributes: attributes)),
            metadata: VertexMetadata(name: name, capabilities: capabilities),
            lines: command.lines
        )
        var copy = plain
        copy.source = "/" + fileName
        copy.unpacksArchive = transfer.unpacks ?? false
        actions.copy(copy, from: tree)
    }

    /// The last part of a URL's path.
    static func fileName(ofURL url: String) -> String {
        let bare = url.prefix { $0 != "?" && $0 != "#" }
        guard let mark = bare.firstRange(of: "://") else { return "__unnamed__" }
        let path = bare[mark.upperBound...].drop { $0 != "/" }
        let base = PathText.base(String(path))
        return path.isEmpty || base == "/" || base == "." ? "__unnamed__" : base.removingPercentEscapes
    }

    private mutating func addPath(
        _ source: Word,
        _ transfer: FileTransfer,
        _ plain: CopyAction,
        to actions: inout FileActions,
        _ command: StageCommand
    ) {
        var copy = plain
        var path = source.text
        if transfer.keepsParents {
            // What stands before the pivot is where the parents that are kept start.
            var pattern = path
            if let pivot = path.firstRange(of: "/./") {
                pattern = String(path[pivot.upperBound...])
                path = String(path[..<pivot.lowerBound])
            } else {
                path = "/"
            }
            pattern = PathText.isAbsolute(pattern) ? pattern : PathText.join("/", pattern)
            copy.includePatterns = [pattern.hasPrefix("/") ? String(pattern.dropFirst()) : pattern]
            if !PathText.hasWildcard(path), !PathText.hasWildcard(pattern) {
                copy.requiredPaths = [PathText.source(PathText.join(path, pattern))]
            }
        }
        copy.source = PathText.source(path)
        copy.followsSymlink = true
        copy.copiesDirectoryContents = true
        copy.unpacksArchive = transfer.unpacks ?? transfer.isAdd
        copy.allowsWildcard = true
        copy.allowsEmptyWildcard = true
        actions.copy(copy, from: transfer.tree)
        if transfer.isMainContext { warnIgnored(source, transfer, command) }
        target.contexts.note(source.text, of: transfer.tree)
    }

    /// Warns about a source that the ignore rules keep out, unless exceptions make that hard to tell.
    private mutating func warnIgnored(_ source: Word, _ transfer: FileTransfer, _ command: StageCommand) {
        guard let ignored = target.ignored, !ignored.hasExceptions else { return }
        let path = PathText.clean(source.text)
        let isIgnored: Bool
        if path == "." || path == "/" {
            isIgnored = settings.request.contextExcludes.contains { ["*", "**", "**/*"].contains($0) }
        } else {
            let bytes = Array(path.utf8.drop { $0 == UInt8(ascii: "/") })
            isIgnored = ignored.decision(for: bytes).isMatch
        }
        guard isIgnored else { return }
        warn(
            .copyIgnoredFile,
            "Attempting to \(transfer.isAdd ? "Add" : "Copy") file \(GoText.quoted(path)) that is excluded by .dockerignore",
            command,
            at: source.span
        )
    }

    private mutating func add(_ document: Heredoc, _ plain: CopyAction, to actions: inout FileActions) {
        let path = PathText.source(document.name)
        let make = MakeFileAction(path: path, mode: 0o644, data: Array(document.content.utf8))
        let tree = target.plan.add(
            .file(FileOperation(actions: [FileAction(base: nil, output: 0, change: .makeFile(make))])),
            metadata: VertexMetadata(name: "[internal] preparing inline document", capabilities: ["file.base"])
        )
        var copy = plain
        copy.source = path
        actions.copy(copy, from: tree)
    }
}

extension String {
    /// With `%20` and the like decoded, where that gives text.
    fileprivate var removingPercentEscapes: String {
        guard contains("%") else { return self }
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(rest.prefix(2).text, radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self) ?? self
    }
}
