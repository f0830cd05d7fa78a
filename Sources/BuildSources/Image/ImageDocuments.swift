// SPDX-License-Identifier: Apache-2.0

import BuildModel
import OCIModel

/// Reads the JSON documents of an image, with limits and digests checked.
struct ImageDocuments {
    let files: any ImageFiles

    /// The most bytes of one document; registries refuse manifests of more than 4 MiB.
    static let largest: Int64 = 8 << 20

    private func malformed(_ reason: String) -> ImageImportError { .malformed(path: files.path, reason: reason) }

    /// The file `name` as JSON; `nil` where there is none.
    func json(named name: String) throws -> JSONValue? {
        guard let file = try files.file(name) else { return nil }
        return try parse(file.read(limit: Self.largest, subject: name, path: files.path), name)
    }

    /// The blob that `descriptor` names: its bytes, checked, and what they say.
    func blob(_ descriptor: Descriptor, _ subject: String) throws -> (bytes: [UInt8], json: JSONValue) {
        let file = try blobFile(descriptor, subject)
        let bytes = try file.read(limit: Self.largest, subject: subject, path: files.path)
        let actual = ContentDigest(of: bytes)
        guard actual == descriptor.digest else {
            throw ImageImportError.digestMismatch(
                path: files.path,
                subject: subject,
                expected: descriptor.digest,
                actual: actual
            )
        }
        return (bytes, try parse(bytes, subject))
    }

    /// The file of the blob that `descriptor` names, of the right length.
    func blobFile(_ descriptor: Descriptor, _ subject: String) throws -> FileRange {
        guard let file = try files.file("blobs/sha256/\(descriptor.digest.hex)") else {
            throw malformed("\(subject), blob \(descriptor.digest), is not in it")
        }
        guard file.length == descriptor.size else {
            throw malformed(
                "\(subject), blob \(descriptor.digest), has \(file.length) bytes instead of \(descriptor.size)"
            )
        }
        return file
    }

    private func parse(_ bytes: [UInt8], _ subject: String) throws -> JSONValue {
        do { return try JSONValue(parsing: bytes) } catch { throw malformed("\(subject): \(error)") }
    }
}
