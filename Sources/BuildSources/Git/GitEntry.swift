// SPDX-License-Identifier: Apache-2.0

/// One entry of a commit's tree, at its place in the file tree.
struct GitEntry: Equatable {
    /// What git can hold.
    enum Kind: Equatable {
        case directory
        case file(isExecutable: Bool)
        case symbolicLink
        case submodule

        /// Reads a mode; `nil` for one that git never writes.
        ///
        /// Source: git-fast-import manual, "filemodify"; 0100664 is of early versions.
        init?(mode: UInt32) {
            switch mode {
            case 0o040000: self = .directory
            case 0o100644, 0o100664: self = .file(isExecutable: false)
            case 0o100755: self = .file(isExecutable: true)
            case 0o120000: self = .symbolicLink
            case 0o160000: self = .submodule
            default: return nil
            }
        }
    }

    var path: [UInt8]
    var kind: Kind
    var id: GitObjectID
}

/// The rules by which a repository's names become names of files.
///
/// git itself refuses most of these when it checks out; a server can send them all the same.
struct GitNames {
    private let remote: String
    /// Whether names that differ only in case are let through.
    private let allowsFolded: Bool

    init(remote: String, allowsFolded: Bool = false) {
        self.remote = remote
        self.allowsFolded = allowsFolded
    }

    /// Checks one name in the folder `parent`.
    func check(_ name: ArraySlice<UInt8>, in parent: [UInt8]) throws(GitError) {
        func refuse(_ what: String) -> GitError {
            let path = (parent.isEmpty ? [] : parent + [0x2F]) + name
            return GitError(
                remote,
                .tree("its path '\(ContextPath.text(path))' \(what); such a repository is not read")
            )
        }
        guard !name.isEmpty, !name.contains(0x2F), !name.contains(0) else {
            throw refuse("has an empty name or a slash in a name")
        }
        guard !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else {
            throw refuse("has '.' or '..' in it")
        }
        guard name.count <= 255, parent.count + name.count < 4096 else { throw refuse("is longer than paths can be") }
        guard
            name.first != 0x2E && name.first != 0x67 && name.first != 0x47 && name.allSatisfy({ $0 < 0x80 })
                || !Self.isGitFolder(name)
        else { throw refuse("has a name that file systems take for '.git'") }
        guard !name.starts(with: ".wh.".utf8) else {
            throw refuse("has a name with '.wh.', which means a deleted file in a layer")
        }
    }

    /// Whether a file system that folds case, ignores some characters or knows short names could take `name` for `.git`.
    ///
    /// Source: git, `path.c` (`is_ntfs_dotgit`), `utf8.c` (`is_hfs_dotgit`).
    static func isGitFolder(_ name: ArraySlice<UInt8>) -> Bool {
        let ignored: Set<UInt32> = [
            0x200C, 0x200D, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x206A, 0x206B, 0x206C, 0x206D,
            0x206E, 0x206F,
            0xFEFF,
        ]
        let text = String(decoding: name, as: UTF8.self)
        var kept = String.UnicodeScalarView()
        kept.append(contentsOf: text.unicodeScalars.filter { !ignored.contains($0.value) })
        var folded = String(kept).lowercased()
        if folded == ".git" { return true }
        while let last = folded.last, last == " " || last == "." { folded.removeLast() }
        return folded == ".git" || folded == "git~1" || folded.hasPrefix(".git:")
            || folded.hasPrefix(".git\\") || folded.hasPrefix("git~1\\")
    }

    /// Checks that no two names of a folder are one where case does not count.
    func checkFolded(_ names: [ArraySlice<UInt8>], in parent: [UInt8]) throws(GitError) {
        var seen: [String: ArraySlice<UInt8>] = [:]
        seen.reserveCapacity(names.count)
        var exact: Set<ArraySlice<UInt8>> = []
        for name in names {
            guard exact.insert(name).inserted else {
                throw GitError(
                    remote,
                    .tree(
                        "its folder '\(ContextPath.text(parent))' has '\(ContextPath.text(name))' twice; such a repository is not read"
                    )
                )
            }
            guard !allowsFolded else { continue }
            if let other = seen.updateValue(name, forKey: String(decoding: name, as: UTF8.self).lowercased()) {
                throw GitError(
                    remote,
                    .tree(
                        """
                        '\(ContextPath.text(other))' and '\(ContextPath.text(name))' in its folder '\(ContextPath.text(parent))' are one \
                        name where case does not count; read it with 'collisions=keep' in the URL's query
                        """
                    )
                )
            }
        }
    }
}
