// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// The files of an OCI layout or of a `docker save` archive, by their names.
protocol ImageFiles: Sendable {
    /// The path that errors show.
    var path: String { get }
    /// The file `name`, which may have slashes; `nil` where there is none.
    func file(_ name: String) throws -> FileRange?
}

/// The files of a directory. No name leads out of it, and no symbolic link is followed.
struct FolderFiles: ImageFiles {
    let path: String

    func file(_ name: String) throws -> FileRange? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw ImageImportError.malformed(path: path, reason: "it names the file '\(name)', which leads out of it")
        }
        var folder = FilePath(path)
        for part in parts.dropLast() {
            folder.append(String(part))
            var status = stat()
            guard unsafe lstat(folder.string, &status) == 0 else { return nil }
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw ImageImportError.malformed(
                    path: path,
                    reason: "'\(part)' on the way to '\(name)' is no directory"
                )
            }
        }
        let file: ArchiveFile?
        do {
            file = try ArchiveFile(folder.appending(String(parts.last ?? "")), following: false)
        } catch let error as SystemCallError where error.code == ELOOP {
            throw ImageImportError.malformed(path: path, reason: "'\(name)' is a symbolic link")
        }
        guard let file, let status = file.status else { return nil }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ImageImportError.malformed(path: path, reason: "'\(name)' is no regular file")
        }
        return FileRange(file: file, offset: 0, length: Int64(status.st_size))
    }
}

/// The members of an uncompressed tar.
struct ArchiveFiles: ImageFiles {
    let path: String
    let archive: ArchiveFile
    let members: ArchiveMembers

    func file(_ name: String) throws -> FileRange? {
        guard let place = try members.place(of: name, path: path) else { return nil }
        return FileRange(file: archive, offset: place.offset, length: place.length)
    }
}
