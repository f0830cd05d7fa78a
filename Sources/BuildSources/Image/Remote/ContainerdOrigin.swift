// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
public import OCIModel
public import SystemPackage

/// An image of containerd, read from its content store by containerd's program `ctr`.
///
/// Which containerd and which of its namespaces is meant is said by `CONTAINERD_ADDRESS` and `CONTAINERD_NAMESPACE`, as
/// for `ctr` itself.
public struct ContainerdOrigin: ImageOrigin {
    private let name: String
    private let program: String

    /// Makes one for the image `name`.
    public init(name: String, program: String = "ctr") {
        self.name = name
        self.program = program
    }

    /// The name, with where it is.
    public var subject: String { "containerd://\(name)" }

    /// What containerd has under the name, as it was given or in full.
    ///
    /// - Throws: `ImageImportError.noSuchImage`, `.unrecognised` where containerd can't be asked.
    public func root() async throws -> Descriptor {
        let listed = try await ask(["images", "ls"])
        let full = (try? ImageReference(parsing: name))?.description
        let lines = String(decoding: listed.output, as: UTF8.self).split(whereSeparator: \.isNewline)
            .map { $0.split(separator: " ", omittingEmptySubsequences: true).map(String.init) }
        for words in lines where words.count > 2 && (words[0] == name || words[0] == full) {
            guard let digest = try? ContentDigest(parsing: words[2]) else { continue }
            return Descriptor(mediaType: words[1], digest: digest, size: 0)
        }
        let names = lines.dropFirst().compactMap(\.first).sorted()
        throw ImageImportError.noSuchImage(path: "containerd", name: name, names: names)
    }

    /// Reads a blob of the content store.
    public func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        let bytes = try await ask(["content", "get", descriptor.digest.description], limit: 8 << 20).output
        try check(ContentDigest(of: bytes), descriptor, "a document")
        return bytes
    }

    /// Reads a layer by way of `partial`, since a program can't be paused while its output is checked.
    public func copy(
        _ descriptor: Descriptor,
        keeping partial: FilePath,
        to sink: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws -> Int64 {
        let file = try FileDescriptor.open(
            partial,
            .readWrite,
            options: [.create, .truncate, .noFollow, .closeOnExec],
            permissions: [.ownerReadWrite]
        )
        defer { try? file.close() }
        _ = try await ask(["content", "get", descriptor.digest.description], output: file)
        try await Offload.run {
            guard let kept = try ArchiveFile(partial, following: false), let size = kept.status?.st_size else { return }
            let range = FileRange(file: kept, offset: 0, length: Int64(size))
            var hasher = SHA256Hasher()
            try unsafe range.forEachPiece { piece in
                unsafe hasher.update(piece)
                try sink(unsafe Array(piece))
            }
            try check(hasher.digest(), descriptor, "a layer")
            try kept.remove()
        }
        return 0
    }

    private func check(_ actual: ContentDigest, _ descriptor: Descriptor, _ subject: String) throws {
        guard actual == descriptor.digest else {
            throw ImageImportError.digestMismatch(
                path: self.subject,
                subject: subject,
                expected: descriptor.digest,
                actual: actual
            )
        }
    }

    private func ask(_ words: [String], output: FileDescriptor? = nil, limit: Int = 4 << 20) async throws -> ProgramRun
    {
        let ended: ProgramRun
        do {
            ended = try await Offload.run { [program] in
                try ProgramRun(program, words, output: output, limit: limit)
            }
        } catch let error as SystemCallError {
            throw ImageImportError.unrecognised(
                path: subject,
                reason: "'\(program)' can't be run (\(error)); install containerd"
            )
        }
        guard ended.isSuccess else {
            let reason = ended.complaint.isEmpty ? "'\(program)' ended with \(ended.code)" : ended.complaint
            throw ImageImportError.unrecognised(path: subject, reason: reason)
        }
        return ended
    }
}
