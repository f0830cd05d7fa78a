// SPDX-License-Identifier: Apache-2.0

import PathPatterns
import Testing

@Suite("Filters of a walk")
struct PathFilterTests {
    static let tree = [
        "a/", "a/b/", "a/b/c", "a/b/d.go", "a/x.go", "e/", "e/f/", "e/f/g", "h.go", "node/", "node/keep/",
        "node/keep/k",
        "node/y", "z/",
    ]

    /// Walks `tree` as the context walk does; what is kept, and which directories were entered.
    static func walk(_ filter: PathFilter) -> (kept: Set<String>, entered: Set<String>) {
        var visits: [String: DirectoryVisit] = [:]
        var kept: Set<String> = []
        var entered: Set<String> = []
        for item in tree {
            let isDirectory = item.hasSuffix("/")
            let path = isDirectory ? String(item.dropLast()) : item
            let parent = path.lastIndex(of: "/").map { String(path[..<$0]) }
            if let parent, !entered.contains(parent) { continue }
            let visit = parent.flatMap { visits[$0] }
            if isDirectory {
                let here = filter.visit(directory: Array(path.utf8), below: visit)
                visits[path] = here
                if here.isEntered { entered.insert(path) }
                if here.isKept { kept.insert(path) }
            } else if filter.keeps(Array(path.utf8), below: visit) {
                kept.insert(path)
            }
        }
        return (kept, entered)
    }

    @Test("An excluded directory is entered only where an exception can match inside")
    func entering() throws {
        let plain = try Self.walk(PathFilter(include: [], exclude: ["node", "e"]))
        #expect(plain.entered == ["a", "a/b", "z"])
        let exception = try Self.walk(PathFilter(include: [], exclude: ["node", "e", "!node/keep"]))
        #expect(exception.entered == ["a", "a/b", "z", "node", "node/keep"])
        #expect(exception.kept.contains("node/keep/k"))
        #expect(!exception.kept.contains("node/y"))
        let wild = try Self.walk(PathFilter(include: [], exclude: ["*", "!a/*/*.go"]))
        #expect(wild.entered == ["a", "a/b"])
        #expect(wild.kept == ["a/b/d.go"])
        let everywhere = try Self.walk(PathFilter(include: [], exclude: ["**", "!**/*.go"]))
        #expect(everywhere.entered.count == 7)
        #expect(everywhere.kept == ["a/b/d.go", "a/x.go", "h.go"])
    }

    @Test(
        "Include patterns",
        arguments: [
            (["a/b"], [], ["a/b", "a/b/c", "a/b/d.go"]), (["*.go"], [], ["h.go"]),
            (["**/*.go"], ["a/b"], ["a/x.go", "h.go"]), (["e"], [], ["e", "e/f", "e/f/g"]),
            (["a", "!a/b"], [], ["a", "a/x.go"]), (["a"], ["**/*.go"], ["a", "a/b", "a/b/c"]), (["q"], [], []),
            (["e/*"], [], ["e/f", "e/f/g"]),
        ] as [([String], [String], [String])]
    )
    func including(include: [String], exclude: [String], expected: [String]) throws {
        let filter = try PathFilter(include: include, exclude: exclude)
        #expect(Self.walk(filter).kept == Set(expected))
        for item in Self.tree where !item.hasSuffix("/") {
            #expect(filter.keeps(wholePath: Array(item.utf8)) == expected.contains(item), "\(item)")
        }
    }

    @Test("Skipping directories never changes the result")
    func skipping() throws {
        var random = SmallGenerator(state: 7)
        let pieces = [
            "a", "b", "*", "**", "!a", "!**/k", "node", "!node/keep", "e/f", "!e/*", "*.go", "!**/*.go", "keep", "a/b",
        ]
        for _ in 0..<2000 {
            let exclude = (0..<random.below(5)).map { _ in pieces[random.below(pieces.count)] }
            let include = (0..<random.below(3)).map { _ in pieces[random.below(pieces.count)] }
            let filter = try PathFilter(include: include, exclude: exclude)
            let kept = Self.walk(filter).kept
            for item in Self.tree {
                let path = item.hasSuffix("/") ? String(item.dropLast()) : item
                #expect(
                    filter.keeps(wholePath: Array(path.utf8)) == kept.contains(path),
                    "\(include) \(exclude) \(path)"
                )
            }
        }
    }

    struct Links: LinkReading {
        var links: [String: String]
        var directories: [String: [String]]

        func names(in directory: [UInt8]) throws -> [[UInt8]]? {
            directories[String(decoding: directory, as: UTF8.self)]?.map { Array($0.utf8) }
        }
        func linkTarget(of path: [UInt8]) throws -> [UInt8]? {
            links[String(decoding: path, as: UTF8.self)].map { Array($0.utf8) }
        }
    }

    @Test(
        "Follow paths",
        arguments: [
            (["a"], ["a"]), (["l"], ["a/b", "l"]), (["d/x"], ["d", "real/x"]), (["loop"], ["loop", "loop2"]),
            (["up"], ["a", "up"]), (["*.l"], ["*.l", "a", "q"]), (["a/b", "a"], ["a"]),
            (["nothing/here"], ["nothing/here"]),
            (["abs/c"], ["abs", "real/c"]),
        ] as [([String], [String])]
    )
    func following(paths: [String], expected: [String]) throws {
        let links = Links(
            links: [
                "l": "a/b", "d": "real", "loop": "loop2", "loop2": "loop", "up": "../../a", "1.l": "a", "2.l": "q",
                "abs": "/real",
            ],
            directories: ["": ["1.l", "2.l", "l"]]
        )
        let resolved = try FollowPaths.resolve(paths, in: links)
        #expect(resolved?.map { String(decoding: $0, as: UTF8.self) } == expected)
        #expect(try FollowPaths.resolve(["."] + paths, in: links) == nil)
    }

    @Test("100,000 paths against 20 patterns")
    func speed() throws {
        let patterns =
            (0..<10).map { "**/build\($0)/*.o" } + ["*.log", "node_modules", "!keep*", "**/*.tmp", "docs/**"]
            + ["a?c/*", "[x-z]*/q", "**/.git", "/out", "!**/important"]
        let filter = try PathFilter(include: [], exclude: patterns)
        let paths = (0..<100_000).map { Array("src/module\($0 % 100)/package/file\($0).swift".utf8) }
        let visit = filter.visit(directory: Array("src".utf8))
        let time = ContinuousClock().measure {
            var kept = 0
            for path in paths where filter.keeps(path, below: visit) { kept += 1 }
            #expect(kept == paths.count)
        }
        print("100,000 × 20: \(time)")
        #if !DEBUG
            #expect(time < .milliseconds(300))
        #endif
    }
}
