// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel
import SystemPackage
import Testing

/// File trees as text, one line for each file, in the form of `Oracle/describe.py`.
enum Description {
    private static let folder = FilePath(#filePath).removingLastComponent().appending("Oracle")

    private static let kinds: [FileKind: String] = [
        .regular: "file", .directory: "dir", .symbolicLink: "link", .characterDevice: "char", .blockDevice: "block",
        .fifo: "fifo", .whiteout: "char",
    ]

    /// What a view shows.
    static func of(_ view: LayerView) throws -> String {
        var lines: [String] = []
        var first: [FileIdentity: [UInt8]] = [:]
        try view.walk(from: try view.root) { entry in
            let attributes = entry.attributes
            var same = ""
            if entry.kind != .directory, entry.linkCount > 1 {
                same = Hexadecimal.string(first[entry.identity] ?? entry.path)
                if first[entry.identity] == nil { first[entry.identity] = entry.path }
            }
            let isDevice = [.characterDevice, .blockDevice, .whiteout].contains(entry.kind)
            let fields: [String] = [
                entry.path.isEmpty ? "." : Hexadecimal.string(entry.path),
                kinds[entry.kind] ?? "?",
                String(attributes.mode, radix: 8),
                "\(attributes.uid):\(attributes.gid)",
                String(entry.size),
                String(attributes.modified.nanoseconds),
                isDevice ? "\(attributes.device.major):\(attributes.device.minor)" : "",
                Hexadecimal.string(entry.linkTarget),
                attributes.xattrs.map { "\(Hexadecimal.string($0.name))=\(Hexadecimal.string($0.value))" }
                    .joined(separator: ","),
                entry.kind == .regular ? try view.contentDigest(of: entry).hex : "",
                same,
            ]
            lines.append(fields.joined(separator: "|"))
            return .descend
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What the kernel shows of a mounted image.
    static func ofMount(_ unit: MountUnit) throws -> String { try ofMounts([unit]) }

    /// What overlayfs shows of several images, lowest first.
    static func ofMounts(_ units: [MountUnit]) throws -> String {
        let words = units.map { "\($0.index) \($0.tars.map(\.string).joined(separator: ","))" }
        return try Shell.run("unshare -m python3 \(folder)/describe.py \(words.joined(separator: " "))")
    }

    /// What the kernel shows of the oracle's index of some tars.
    static func ofOracle(_ tars: [FilePath], in folder: TestFolder) throws -> String {
        let index = folder["oracle.erofs"]
        try Shell.run("python3 \(Self.folder)/tarindex.py \(tars.map(\.string).joined(separator: " ")) \(index)")
        return try Shell.run(
            "unshare -m python3 \(Self.folder)/describe.py \(index) \(tars.map(\.string).joined(separator: ","))"
        )
    }

    /// What GNU tar unpacks.
    static func ofUnpacked(_ tar: FilePath, in folder: TestFolder) throws -> String {
        try Shell.run(
            """
            rm -rf \(folder["x"]); mkdir \(folder["x"]); cd \(folder["x"])
            tar -xpf \(tar) --xattrs --xattrs-include='*' --numeric-owner --delay-directory-restore 2>/dev/null || true
            python3 \(Self.folder)/describe.py \(folder["x"])
            """
        )
    }
}
