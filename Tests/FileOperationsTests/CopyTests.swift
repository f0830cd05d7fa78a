// SPDX-License-Identifier: Apache-2.0

import BuildModel
import FileOperations
import LLB
import Layers
import OCIModel
import Testing

@Suite("Copies")
struct CopyTests {
    let fixture: FileOperationFixture
    let source: Snapshot
    let base: Snapshot

    init() throws {
        fixture = try FileOperationFixture()
        source = try fixture.snapshot(
            "d dir 750 @7:8",
            "f dir/a 640 A @1:2",
            "f dir/b 755 B",
            "d dir/sub 700",
            "f dir/sub/c 644 C",
            "f one 644 1",
            "l link dir",
            "l tolink dir/a",
            "f two 644 2 +600"
        )
        base = try fixture.snapshot(
            "d etc 755",
            "f etc/passwd 644 root:x:0:0:root:/root:/bin/sh\nweb:x:33:44::/:/bin/false",
            "d srv 700 @5:5",
            "f srv/old 600 old",
            "l way srv",
            "l out ../../srv",
            "f file 644 F"
        )
    }

    @Test("What is copied where", arguments: 0..<CopyCases.cases.count)
    func copies(index: Int) throws {
        let (from, to, options, expected) = CopyCases.cases[index]
        let result = try fixture.copy(from, to, on: [base, source], options)
        #expect(try fixture.listLayer(result) == expected)
        #expect(result.base == base)
        #expect(result.snapshot == (expected.isEmpty ? base : result.layer.map { base.appending($0.diffID) }))
    }

    @Test("What can't be copied, by name", arguments: 0..<CopyCases.refusals.count)
    func refusals(index: Int) {
        let (from, to, options, reason) = CopyCases.refusals[index]
        #expect {
            try fixture.copy(from, to, on: [base, source], options)
        } throws: { error in
            #expect((error as? FileOperationError)?.reason == reason, "\(error)")
            return true
        }
    }

    @Test("A directory and a file replace each other only where that is asked for")
    func replacement() throws {
        let target = try fixture.snapshot("d one 755", "f one/x 644 X", "f dir 644 D")
        for (path, isDirectory) in [("/one", false), ("/dir", true)] {
            #expect(throws: FileOperationError.self) {
                try fixture.copy("/", "/", on: [target, source]) {
                    $0.copiesDirectoryContents = true
                    $0.includePatterns = [String(path.dropFirst())]
                }
            }
            let result = try fixture.copy("/", "/", on: [target, source]) {
                $0.copiesDirectoryContents = true
                $0.includePatterns = [String(path.dropFirst())]
                $0.replacesExisting = true
            }
            let entry = try fixture.store.view(result.snapshot).entry(at: Array(path.utf8))
            #expect(entry?.kind == (isDirectory ? .directory : .regular))
        }
    }

    @Test("A directory that is merged into takes the source's attributes below the top, and its time at the top")
    func merging() throws {
        let target = try fixture.snapshot("d t 711 @3:3", "d t/sub 711 @3:3", "f t/sub/keep 600 K")
        let result = try fixture.copy("/dir", "/t", on: [target, source]) { $0.copiesDirectoryContents = true }
        #expect(
            try fixture.list(result.snapshot) == [
                "d t 711 @3:3", "f t/a 640 A @1:2", "f t/b 755 B", "d t/sub 700", "f t/sub/c 644 C",
                "f t/sub/keep 600 K",
            ]
        )
        #expect(try fixture.seconds("t", in: result.snapshot) == 500)
    }

    @Test("Times are the source's, or the action's; what is made on the way is made now, or at the action's time")
    func times() throws {
        var result = try fixture.copy("/two", "/a/", on: [base, source]) { $0.createsDestinationPath = true }
        #expect(try fixture.seconds("a/two", in: result.snapshot) == 600)
        #expect(try fixture.seconds("a", in: result.snapshot) == fixture.now.seconds)
        result = try fixture.copy("/two", "/a/", on: [base, source]) {
            $0.createsDestinationPath = true
            $0.timestamp = 77_000_000_000
        }
        #expect(try fixture.seconds("a/two", in: result.snapshot) == 77)
        #expect(try fixture.seconds("a", in: result.snapshot) == 77)
    }

    @Test("Hard links stay links, and pipes pipes")
    func links() throws {
        let linked = try fixture.snapshot("d d 755", "f d/a 644 A", "h d/b d/a", "f d/c 644 C", "p d/p 600")
        let result = try fixture.copy("/d", "/x", on: [.scratch, linked])
        #expect(
            try fixture.listLayer(result) == ["d x 755", "f x/a 644 A", "h x/b x/a", "f x/c 644 C", "fifo x/p 600"]
        )
    }

    @Test("Equal files over equal files are no change; the bytes of a layer do not depend on the run")
    func repetition() throws {
        let first = try fixture.copy("/", "/", on: [base, source]) { $0.copiesDirectoryContents = true }
        let again = try fixture.copy("/", "/", on: [first.snapshot, source]) { $0.copiesDirectoryContents = true }
        #expect(again.layer == nil)
        let other = try FileOperationFixture()
        _ = other
        let repeated = try fixture.copy("/", "/", on: [base, source]) { $0.copiesDirectoryContents = true }
        #expect(repeated.layer == first.layer)
    }

    @Test("A clamped time makes the layer the same whenever it is made")
    func clamped() throws {
        var layers: Set<CommittedLayer?> = []
        for seconds: Int64 in [1_500_000_000, 1_600_000_000] {
            let executor = FileOperationExecutor(
                layers: fixture.store,
                timestamps: .default,
                now: Timestamp(seconds: seconds)
            )
            let action = FileAction(
                base: .input(0),
                output: 0,
                change: .makeDirectory(MakeDirectoryAction(path: "/a/b", mode: 0o755, makesParents: true))
            )
            layers.insert(try executor.execute(FileOperation(actions: [action]), inputs: [base])[0].layer)
        }
        #expect(layers.count == 1)
    }
}

/// The tables of the suite.
enum CopyCases {
    static let cases: [(String, String, @Sendable (inout CopyAction) -> Void, [String])] = [
        ("/one", "/new", { _ in }, ["f new 644 1"]),
        ("/one", "/srv/", { _ in }, ["d srv 700 @5:5", "f srv/one 644 1"]),
        ("/one", "/srv", { _ in }, ["d srv 700 @5:5", "f srv/one 644 1"]),
        ("/one", "/way", { _ in }, ["d srv 700 @5:5", "f srv/one 644 1"]),
        ("/one", "/out/x", { _ in }, ["d srv 700 @5:5", "f srv/x 644 1"]),
        ("/one", "/a/b/c", { $0.createsDestinationPath = true }, ["d a 755", "d a/b 755", "f a/b/c 644 1"]),
        ("/one", "/a/", { $0.createsDestinationPath = true }, ["d a 755", "f a/one 644 1"]),
        (
            "/dir", "/new", { _ in },
            [
                "d new 750 @7:8", "f new/a 640 A @1:2", "f new/b 755 B", "d new/sub 700", "f new/sub/c 644 C",
            ]
        ),
        (
            "/dir", "/srv", { _ in },
            [
                "d srv 700 @5:5", "d srv/dir 750 @7:8", "f srv/dir/a 640 A @1:2", "f srv/dir/b 755 B",
                "d srv/dir/sub 700",
                "f srv/dir/sub/c 644 C",
            ]
        ),
        (
            "/dir/.", "/srv", { _ in },
            [
                "d srv 700 @5:5", "f srv/a 640 A @1:2", "f srv/b 755 B", "d srv/sub 700", "f srv/sub/c 644 C",
            ]
        ),
        (
            "/dir", "/srv", { $0.copiesDirectoryContents = true },
            [
                "d srv 700 @5:5", "f srv/a 640 A @1:2", "f srv/b 755 B", "d srv/sub 700", "f srv/sub/c 644 C",
            ]
        ),
        ("/link", "/x", { _ in }, ["l x dir"]),
        ("/link/a", "/x", { _ in }, ["f x 640 A @1:2"]),
        ("/tolink", "/x", { $0.followsSymlink = true }, ["f x 640 A @1:2"]),
        (
            "/*o*", "/t/",
            {
                $0.allowsWildcard = true; $0.createsDestinationPath = true
            },
            [
                "d t 755", "f t/one 644 1", "l t/tolink dir/a", "f t/two 644 2",
            ]
        ),
        (
            "/dir/?", "/t/",
            {
                $0.allowsWildcard = true; $0.createsDestinationPath = true
            },
            [
                "d t 755", "f t/a 640 A @1:2", "f t/b 755 B",
            ]
        ),
        (
            "/x*", "/t/",
            {
                $0.allowsWildcard = true; $0.allowsEmptyWildcard = true
            }, []
        ),
        ("/one", "/n", { $0.owner = Ownership(user: .id(9), group: nil) }, ["f n 644 1 @9:9"]),
        (
            "/one", "/n", { $0.owner = Ownership(user: .name("web", operand: .input(0)), group: nil) },
            ["f n 644 1 @33:44"]
        ),
        (
            "/one", "/n", { $0.owner = Ownership(user: .name("web", operand: .input(0)), group: .id(3)) },
            ["f n 644 1 @33:3"]
        ),
        (
            "/dir", "/n", { $0.mode = 0o4711 },
            [
                "d n 4711 @7:8", "f n/a 4711 A @1:2", "f n/b 4711 B", "d n/sub 4711", "f n/sub/c 4711 C",
            ]
        ),
        (
            "/dir", "/n", { $0.symbolicMode = "u=rw,go=,+X" },
            [
                "d n 711 @7:8", "f n/a 600 A @1:2", "f n/b 711 B", "d n/sub 711", "f n/sub/c 600 C",
            ]
        ),
        ("/dir", "/n", { $0.excludePatterns = ["sub", "b"] }, ["d n 750 @7:8", "f n/a 640 A @1:2"]),
        ("/dir", "/n", { $0.includePatterns = ["*/c"] }, ["d n 750 @7:8", "d n/sub 700", "f n/sub/c 644 C"]),
        (
            "/", "/n/",
            {
                $0.includePatterns = ["dir", "!dir/sub"]; $0.createsDestinationPath = true
            },
            [
                "d n 755", "d n/dir 750 @7:8", "f n/dir/a 640 A @1:2", "f n/dir/b 755 B",
            ]
        ),
    ]

    static let refusals: [(String, String, @Sendable (inout CopyAction) -> Void, FileOperationError.Reason)] = [
        ("/none", "/x", { _ in }, .notFound(path: "/none")),
        ("/dir/none", "/x", { _ in }, .notFound(path: "/dir/none")),
        ("/one", "/a/b", { _ in }, .notFound(path: "/a")),
        ("/one/x", "/b", { _ in }, .notDirectory(path: "/one")),
        ("/dir", "/file/", { _ in }, .notDirectory(path: "/file")),
        ("/dir", "/file", { $0.copiesDirectoryContents = true }, .notDirectory(path: "/file")),
        ("/x*", "/t/", { $0.allowsWildcard = true }, .noMatch(pattern: "/x*")),
        ("/one", "/n", { $0.symbolicMode = "u~x" }, .invalidMode("u~x")),
        (
            "/", "/n/",
            {
                $0.includePatterns = ["one"]; $0.requiredPaths = ["/gone"]; $0.createsDestinationPath = true
            },
            .notFound(path: "/gone")
        ),
    ]
}
