// SPDX-License-Identifier: Apache-2.0

extension InstructionParser {
    func run(_ header: InstructionHeader, _ text: ArgumentText, _ flags: inout FlagReader) throws(DockerfileError)
        -> RunInstruction
    {
        var mounts: [MountFlag] = []
        for word in try flags.words("mount") { mounts.append(try mount(word)) }
        let network: RunNetwork = try choice("network", .default, &flags)
        let security: RunSecurity = try choice("security", .sandbox, &flags)
        var devices: [DeviceFlag] = []
        for word in try flags.words("device") { devices.append(try device(word)) }
        try flags.finish()
        let command = try commandLine(text)
        guard !command.arguments.isEmpty else {
            throw file.error("RUN requires a command", at: text.end)
        }
        return RunInstruction(
            header: header,
            command: command,
            mounts: mounts,
            network: network,
            security: security,
            devices: devices
        )
    }

    private func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        _ standard: Choice,
        _ flags: inout FlagReader
    ) throws(DockerfileError) -> Choice {
        guard let word = try flags.word(name) else { return standard }
        if let found = Choice(rawValue: word.text) { return found }
        let all = Choice.allCases.map(\.rawValue)
        throw file.error(
            "--\(name) has no value '\(word.text)'",
            at: word.span,
            advice: Suggestion.advice(word.text, in: all) ?? "there are " + all.joined(separator: ", ")
        )
    }

    private func mount(_ word: Word) throws(DockerfileError) -> MountFlag {
        let flag = MountFlag(fields: try fields(word), span: word.span)
        do {
            var reader = MountReader(isProvisional: true)
            _ = try reader.read(flag.fields)
        } catch {
            throw file.error(error.message, at: error.span ?? word.span, advice: error.advice)
        }
        return flag
    }

    private func fields(_ word: Word) throws(DockerfileError) -> [MountFlag.Field] {
        guard let texts = CommaSeparated.fields(word.text) else {
            throw file.error("the list has a quote in the wrong place", at: word.span)
        }
        // Without quotes and escapes each field stands where its text does.
        let isPlain = word.span.length == word.text.utf8.count && !word.text.contains("\"")
        var offset = 0
        return texts.map { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            var span = word.span
            if isPlain {
                span.column += offset
                span.length = max(1, text.utf8.count)
                offset += text.utf8.count + 1
            }
            return MountFlag.Field(
                key: parts[0].lowercased(),
                value: parts.count > 1 ? String(parts[1]) : nil,
                span: span
            )
        }
    }

    private func device(_ word: Word) throws(DockerfileError) -> DeviceFlag {
        var flag = DeviceFlag(name: "", isRequired: false, span: word.span)
        guard let texts = CommaSeparated.fields(word.text) else {
            throw file.error("the list has a quote in the wrong place", at: word.span)
        }
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch (parts[0].lowercased(), parts.count > 1 ? parts[1] : nil) {
            case ("required", nil): flag.isRequired = true
            case ("required", let value?):
                guard let value = GoText.boolean(value) else {
                    throw file.error("'required' is true or false, not '\(value)'", at: word.span)
                }
                flag.isRequired = value
            case ("name", let value?) where flag.name.isEmpty: flag.name = value
            case _ where flag.name.isEmpty: flag.name = text
            default:
                throw file.error("a device has no option '\(text)'", at: word.span, advice: "there are name, required")
            }
        }
        return flag
    }

    func copy(_ header: InstructionHeader, _ text: ArgumentText, _ flags: inout FlagReader) throws(DockerfileError)
        -> CopyInstruction
    {
        let from = try flags.word("from")
        let keepsParents = try flags.boolean("parents") ?? false
        let files = try transferredFiles(header, text, &flags)
        return CopyInstruction(header: header, files: files, from: from, keepsParents: keepsParents)
    }

    func add(_ header: InstructionHeader, _ text: ArgumentText, _ flags: inout FlagReader) throws(DockerfileError)
        -> AddInstruction
    {
        let keepsGit = try flags.boolean("keep-git-dir")
        let checksum = try flags.word("checksum")
        let unpacks = try flags.boolean("unpack")
        let files = try transferredFiles(header, text, &flags)
        if let checksum, !checksum.text.isEmpty, files.sources.count != 1 || !files.documents.isEmpty {
            throw file.error("--checksum needs exactly one source", at: checksum.span)
        }
        return AddInstruction(
            header: header,
            files: files,
            keepsGitDirectory: keepsGit,
            checksum: checksum,
            unpacks: unpacks
        )
    }

    private func transferredFiles(_ header: InstructionHeader, _ text: ArgumentText, _ flags: inout FlagReader)
        throws(DockerfileError) -> TransferredFiles
    {
        let owner = try flags.word("chown")
        let mode = try flags.word("chmod")
        let isLinked = try flags.boolean("link") ?? false
        let excludes = try flags.words("exclude")
        try flags.finish()
        if let mode { try checkMode(mode) }
        var words = try list(text)
        guard words.count >= 2, let destination = words.popLast() else {
            throw file.error(
                "\(header.name) requires at least one source and a destination",
                at: text.end,
                advice: "write \(header.name) SOURCE… DESTINATION"
            )
        }
        if Heredoc(word: destination.text, span: destination.span) != nil {
            throw file.error("\(header.name) cannot accept a heredoc as a destination", at: destination.span)
        }
        var files = TransferredFiles(
            sources: [],
            documents: [],
            destination: destination,
            owner: owner,
            mode: mode,
            isLinked: isLinked,
            excludes: excludes
        )
        var documents = header.heredocs
        for word in words {
            if let named = Heredoc(word: word.text, span: word.span),
                let index = documents.firstIndex(where: { $0.name == named.name })
            {
                files.documents.append(documents.remove(at: index))
            } else {
                files.sources.append(word)
            }
        }
        return files
    }

    private func checkMode(_ word: Word) throws(DockerfileError) {
        if word.text.contains("$") || FileMode(word.text) != nil { return }
        throw file.error(
            "--chmod has no value '\(word.text)'",
            at: word.span,
            advice: "write octal digits up to 7777, or letters such as u=rwX,go=rX"
        )
    }
}

/// Comma-separated fields, quoted as in CSV.
///
/// Source: RFC 4180, section 2; github.com/tonistiigi/go-csvvalue, which BuildKit uses.
enum CommaSeparated {
    /// The fields of one line; `nil` where a quote is not closed or stands within a bare field.
    static func fields(_ text: String) -> [String]? {
        var fields: [String] = []
        var rest = text.utf8[...]
        while true {
            var field: [UInt8] = []
            if rest.first == UInt8(ascii: "\"") {
                rest = rest.dropFirst()
                var isOpen = true
                while isOpen {
                    guard let byte = rest.popFirst() else { return nil }
                    if byte != UInt8(ascii: "\"") {
                        field.append(byte)
                    } else if rest.first == UInt8(ascii: "\"") {
                        field.append(byte)
                        rest = rest.dropFirst()
                    } else {
                        isOpen = false
                    }
                }
            } else {
                let bare = rest.prefix { $0 != UInt8(ascii: ",") }
                if bare.contains(UInt8(ascii: "\"")) { return nil }
                field = Array(bare)
                rest = rest[bare.endIndex...]
            }
            fields.append(field.text)
            guard let comma = rest.popFirst() else { return fields }
            if comma != UInt8(ascii: ",") { return nil }
        }
    }
}
