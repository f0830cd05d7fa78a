// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import SystemPackage
import Testing

/// What the documentation shows is what happens.
///
/// A fence ```` ```console ```` holds commands after `$ ` and what they print (standard error as well). The blocks of a
/// page run in order, in one folder with one data root; a comment `<!-- setup` before them holds lines that run first.
/// `…` in the output stands for any text, and a line of it alone for any lines; ids, digests, times and lengths of time
/// are compared as such. `$ command # exits with N` says another end than 0.
@Suite("Documentation")
struct DocumentationTests {
    static let pages = ["README.md"] + documents()

    private static func documents() -> [String] {
        guard let folder = unsafe opendir(Workspace.repository + "/Docs") else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name.hasSuffix(".md") { names.append("Docs/" + name) }
        }
        return names.sorted()
    }

    @Test("The commands of a page run, and print what it shows", .timeLimit(.minutes(4)), arguments: pages)
    func page(name: String) async throws {
        let page = DocumentedSession(page: try text(of: name))
        guard !page.commands.isEmpty else { return }
        let workspace = try Workspace()
        let prelude =
            "export PATH='\(Workspace.programs)':\"$PATH\" REPOSITORY='\(Workspace.repository)'; set -o pipefail\n"
        if !page.setup.isEmpty { try await workspace.shell(prelude + "set -e\n" + page.setup) }
        for shown in page.commands {
            let script = prelude + "cd '\(workspace.folder)'; { \(shown.command)\n} 2>&1"
            let finished = try await workspace.run("bash", ["-c", script])
            #expect(finished.code == shown.code, "\(name): $ \(shown.command)\n\(finished.output)")
            let printed = finished.output.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
            let mismatch = DocumentedSession.mismatch(expected: shown.output, printed: printed)
            #expect(mismatch == nil, "\(name): $ \(shown.command)\n\(mismatch ?? "")\nprinted:\n\(finished.output)")
            if mismatch != nil || finished.code != shown.code { return }
        }
    }

    private func text(of name: String) throws -> String {
        let file = try FileDescriptor.open(FilePath(Workspace.repository + "/" + name), .readOnly)
        return try file.closeAfter {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = try unsafe buffer.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
                if count == 0 { return String(decoding: bytes, as: UTF8.self) }
                bytes += buffer.prefix(count)
            }
        }
    }

    @Test("What the comparison lets through, and what it does not")
    func comparison() {
        let shown = ["took 0.1s", "… of 3", "…", "sha256:0123456789abcdef… end"]
        let digest = "sha256:" + String(repeating: "a", count: 64)
        func mismatch(_ printed: [String]) -> String? { DocumentedSession.mismatch(expected: shown, printed: printed) }
        #expect(mismatch(["took 12.5s", "1 of 3", "what", "ever", digest + " end"]) == nil)
        #expect(mismatch(["took 12.5s", "1 of 3", digest + " end"]) == nil)
        #expect(mismatch(["took 12.5s", "1 of 4", digest + " end"]) != nil)
        #expect(mismatch(["took 12.5s", "1 of 3", digest]) != nil)
        #expect(mismatch(["took 12.5s", "1 of 3", digest + " end", "more"]) != nil)
    }
}
