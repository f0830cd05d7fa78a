// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import SystemPackage
import Testing

@testable import BuildSources

@Suite("Git sources", .timeLimit(.minutes(3)))
struct GitStoreTests {
    @Test("A commit becomes the layer that a checkout is, by every transport", arguments: ["file", "http", "git"])
    func transports(scheme: String) async throws {
        let fixture = try GitFixture(serving: scheme != "file")
        let (_, second) = try fixture.makeOne()
        let request = try fixture.request("one.git", ref: "main", scheme: scheme)
        let resolution = try await fixture.resolve(request)
        #expect(resolution.commit.hex == second)
        #expect(resolution.refName == "refs/heads/main")
        #expect(resolution.transfer.depth == 1)
        #expect(resolution.transfer.objects == 8)
        #expect(resolution.transfer.calls == 1)
        let layer = try await fixture.layer(request)
        #expect(try fixture.context(of: layer) == fixture.manifest(of: fixture.folder + "/git/one"))
        let again = try await fixture.layer(request)
        #expect(again.isReused)
        #expect(again.diffID == layer.diffID)
        #expect(fixture.takeNotes().isEmpty)
    }

    @Test("A branch comes before a tag, an annotated tag is peeled, and a default branch is found")
    func refs() async throws {
        let fixture = try GitFixture()
        let (first, second) = try fixture.makeOne()
        try fixture.script("git -C one.git branch v1 main; git -C one.git branch other \(first)")
        #expect(try await fixture.resolve(fixture.request("one.git", ref: "v1")).commit.hex == second)
        #expect(try await fixture.resolve(fixture.request("one.git", ref: "refs/tags/v1")).commit.hex == first)
        let tag = try await fixture.resolve(fixture.request("one.git", ref: "v2"))
        #expect(tag.commit.hex == second)
        #expect(tag.tag != nil && tag.tag?.hex != second)
        #expect(tag.refName == "refs/tags/v2")
        #expect(try await fixture.resolve(fixture.request("one.git")).commit.hex == second)
        #expect(try await fixture.resolve(fixture.request("one.git", ref: "other")).commit.hex == first)
        let missing = await #expect(throws: GitError.self) {
            try await fixture.resolve(fixture.request("one.git", ref: "none"))
        }
        #expect(missing?.reason == .noRef("none"))
    }

    @Test("A hash needs no network the second time, and a branch one call; a moved branch brings what is new")
    func again() async throws {
        let fixture = try GitFixture(serving: true)
        let (first, second) = try fixture.makeOne()
        let byHash = try fixture.request("one.git", ref: first, scheme: "http")
        #expect(try await fixture.resolve(byHash).transfer.calls == 1)
        _ = try fixture.takeRequests()
        let cached = try await fixture.resolve(byHash)
        #expect(cached.how == "cache" && cached.transfer.calls == 0)
        #expect(try fixture.takeRequests().isEmpty)

        let branch = try fixture.request("one.git", ref: "main", scheme: "http")
        #expect(try await fixture.resolve(branch).commit.hex == second)
        let unmoved = try await fixture.resolve(branch)
        #expect(unmoved.commit.hex == second && unmoved.transfer.calls == 1 && unmoved.transfer.objects == 0)
        let third = try fixture.script(
            "cd one; echo 3 >a.txt; commit three; git push -q ../one.git main; git rev-parse HEAD"
        )
        let moved = try await fixture.resolve(branch)
        #expect(moved.commit.hex == third && moved.transfer.calls == 2)
        #expect(moved.transfer.objects > 0 && moved.transfer.objects < 8)
    }

    @Test("A server that gives out no hashes is asked for its refs, and then for everything, and each is told")
    func fallbacks() async throws {
        let fixture = try GitFixture()
        let (first, second) = try fixture.makeOne()
        // A commit that no ref is at, on a server that knows refs only.
        try fixture.script(
            """
            git -C one.git tag -d v1; git clone -q --bare one.git old.git; git -C old.git config protocol.version 0
            git -C old.git config uploadpack.allowTipSHA1InWant false
            """
        )
        var remoteOnly = try fixture.request("old.git", ref: second)
        #expect(try await fixture.resolve(remoteOnly).commit.hex == second)
        remoteOnly.ref = String(first.prefix(10))
        let short = try await fixture.resolve(remoteOnly)
        #expect(short.commit.hex == first && short.transfer.depth == 0)
        #expect(fixture.takeNotes().contains { $0.contains("searched in all history") })
        remoteOnly.ref = "0123456"
        let missing = await #expect(throws: GitError.self) { try await fixture.resolve(remoteOnly) }
        #expect(missing?.reason == .noRef("0123456"))
        let hash = try fixture.request("old.git", ref: String(repeating: "1", count: 40))
        await #expect(throws: GitError.self) { try await fixture.resolve(hash) }
        #expect(fixture.takeNotes().contains { $0.contains("all its history is fetched") })
    }

    @Test("A short hash that two commits have is refused with both")
    func ambiguous() async throws {
        let fixture = try GitFixture()
        // 300 commits: surely two of them share four digits with one another or none does, so pairs are searched for.
        let pair = try fixture.script(
            """
            git init -q -b main many; cd many
            for i in $(seq 700); do
              printf 'commit refs/heads/main\\ncommitter A <a@b> %d +0000\\ndata 2\\nx\\n' $((1700000000 + i))
            done | git fast-import --quiet
            git rev-list main | cut -c1-4 | sort | uniq -d | head -n 1
            """
        )
        try #require(pair.count == 4)
        let error = await #expect(throws: GitError.self) {
            try await fixture.resolve(fixture.request("many", ref: pair))
        }
        guard case .ambiguous(let prefix, let found)? = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(prefix == pair && found.count >= 2)
    }

    @Test("A checksum must be the commit's, or the tag's, from its start")
    func checksum() async throws {
        let fixture = try GitFixture()
        let (first, second) = try fixture.makeOne()
        var request = try fixture.request("one.git", ref: "main")
        request.checksum = String(second.prefix(12))
        #expect(try await fixture.resolve(request).commit.hex == second)
        request.checksum = first
        let error = await #expect(throws: GitError.self) { try await fixture.resolve(request) }
        #expect(error?.reason == .checksum(expected: first, actual: second))
        request.fetchesByCommit = true
        #expect(try await fixture.resolve(request).commit.hex == first)
        request.checksum = "xyz1"
        await #expect(throws: GitError.self) { try await fixture.resolve(request) }
    }

    @Test("A folder becomes the root; '..', links, files and what is missing are refused")
    func subdirectory() async throws {
        let fixture = try GitFixture()
        _ = try fixture.makeOne()
        var request = try fixture.request("one.git")
        request.subdirectory = "/src/./deep/"
        #expect(
            try fixture.context(of: await fixture.layer(request))
                == fixture.manifest(of: fixture.folder + "/git/one/src/deep")
        )
        for bad in ["../one", "src/../..", "link", "a.txt", "none", "src/none"] {
            request.subdirectory = bad
            let error = await #expect(throws: GitError.self, "\(bad)") { try await fixture.layer(request) }
            #expect(error?.kind == .usage)
        }
    }

    @Test("A repository with SHA-256 is read by cat-file, and gives the same files", arguments: ["", "hash"])
    func sha256(by: String) async throws {
        let fixture = try GitFixture()
        let hash = try fixture.script(
            """
            git init -q --object-format=sha256 -b main new; cd new
            mkdir d; echo 1 >d/a; ln -s d/a l; commit one; git tag -a -m t t; git rev-parse HEAD
            """
        )
        let layer = try await fixture.layer(fixture.request("new", ref: by == "hash" ? hash : "t"))
        #expect(try fixture.context(of: layer) == fixture.manifest(of: fixture.folder + "/git/new"))
        #expect(fixture.takeNotes().contains { $0.contains("SHA-256") && $0.contains("cat-file") })
    }

    @Test("Submodules are read at their pins, nested and relative; they can be left out")
    func submodules() async throws {
        let fixture = try GitFixture()
        _ = try fixture.makeOne()
        try fixture.script(
            """
            git config --file gc protocol.file.allow always; export GIT_CONFIG_GLOBAL=$PWD/gc
            git init -q -b main middle; cd middle; echo m >m; git submodule --quiet add ../one.git inner; commit m; cd ..
            git init -q -b main outer; cd outer; echo o >o; git submodule --quiet add ../middle sub/mid
            git submodule --quiet update --init --recursive; commit o
            """
        )
        let layer = try await fixture.layer(fixture.request("outer"))
        let wanted = try fixture.script(
            "cp -r outer want; find want -name .git -exec rm -rf {} +; find want -mindepth 1 | wc -l"
        )
        let found = try fixture.context(of: layer)
        #expect(try found == fixture.manifest(of: fixture.folder + "/git/want"))
        #expect(String(found.entries.count) == wanted)
        var without = try fixture.request("outer")
        without.includesSubmodules = false
        let empty = try fixture.context(of: await fixture.layer(without))
        #expect(empty.entries.map { ContextPath.text($0.path) } == [".gitmodules", "o", "sub", "sub/mid"])
    }

    @Test("A submodule without URL, with a URL of a program, or without end is refused")
    func hostileSubmodules() async throws {
        let fixture = try GitFixture()
        let (_, second) = try fixture.makeOne()
        for (name, url) in [("ext", "ext::sh -c 'touch /tmp/reel-pwned'"), ("option", "-u./x"), ("none", "")] {
            try fixture.script(
                """
                git init -q -b main \(name); cd \(name)
                git config --file .gitmodules submodule.s.path s
                [ '\(name)' = none ] || git config --file .gitmodules submodule.s.url "\(url)"
                git update-index --add --cacheinfo 160000,\(second),s; git add .gitmodules; git commit -q -m x
                """
            )
            let error = await #expect(throws: GitError.self) { try await fixture.layer(fixture.request(name)) }
            #expect(error != nil, "\(name)")
        }
    }

    @Test("Trees that git would not check out are refused: .git, '..', and names that are one when folded")
    func hostileTrees() async throws {
        let fixture = try GitFixture()
        for (name, entry) in [("dotgit", ".git"), ("dots", ".."), ("dot", "."), ("case", ".GIT"), ("marker", ".wh.x")] {
            try fixture.script(
                """
                git init -q -b main \(name); cd \(name); blob=$(echo x | git hash-object -w --stdin)
                inner=$(printf '100644 blob %s\\tx\\n' $blob | git mktree)
                printf '40000 \(entry)\\0' >.git/t
                python3 -c "import sys; sys.stdout.buffer.write(bytes.fromhex('$inner'))" >>.git/t
                tree=$(git hash-object -w -t tree --literally .git/t)
                git update-ref refs/heads/main $(git commit-tree -m x $tree)
                """
            )
            let error = await #expect(throws: GitError.self, "\(entry)") {
                try await fixture.layer(fixture.request(name))
            }
            #expect(error?.description.contains("not read") == true, "\(String(describing: error))")
        }
        try fixture.script("git init -q -b main folded; cd folded; echo 1 >Makefile; echo 2 >makefile; commit x")
        var request = try fixture.request("folded")
        await #expect(throws: GitError.self) { try await fixture.layer(request) }
        request.allowsFoldedNames = true
        #expect(try await fixture.layer(request).files == 2)
    }

    @Test("A fault on the way is tried again, three times; what does not pass is not")
    func faults() async throws {
        let fixture = try GitFixture(serving: true)
        let (_, second) = try fixture.makeOne()
        try fixture.control(#"{"faults": ["503", "", "", "cut", "500"]}"#)
        let resolution = try await fixture.resolve(fixture.request("one.git", ref: "main", scheme: "http"))
        #expect(resolution.commit.hex == second)
        #expect(fixture.takeNotes().count { $0.contains("asked again") } >= 2)
        try fixture.control(#"{"faults": ["503", "503", "503", "503", "503", "503"]}"#)
        let error = await #expect(throws: GitError.self) {
            try await fixture.resolve(fixture.request("one.git", ref: "v2", scheme: "http"))
        }
        #expect(error?.kind == .needsNetwork)
        #expect(fixture.takeNotes().count == 3)
        let nobody = GitRequest(remote: try GitRemote(parsing: "http://127.0.0.1:1/x.git"), ref: "main")
        let refused = await #expect(throws: GitError.self) { try await fixture.resolve(nobody) }
        #expect(refused?.kind == .needsNetwork)
        let absent = await #expect(throws: GitError.self) {
            try await fixture.resolve(fixture.request("none.git", ref: "x", scheme: "git"))
        }
        guard case .noRepository? = absent?.reason else {
            Issue.record("\(String(describing: absent))")
            return
        }
    }

    @Test("Credentials are sent to the host they are for; without them the error says what to give")
    func credentials() async throws {
        let fixture = try GitFixture(serving: true)
        let (_, second) = try fixture.makeOne()
        try fixture.control(#"{"authorization": "basic c2VjcmV0"}"#)
        let request = try fixture.request("one.git", ref: "main", scheme: "http")
        let denied = await #expect(throws: GitError.self) { try await fixture.resolve(request) }
        guard case .denied? = denied?.reason else {
            Issue.record("\(String(describing: denied))")
            return
        }
        #expect(denied?.description.contains("GIT_AUTH_TOKEN") == true)
        let host = "127.0.0.1:\(fixture.ports.http)"
        let access = GitAccess(authorization: { $0 == host ? "basic c2VjcmV0" : nil })
        #expect(try await fixture.resolve(request, access: access).commit.hex == second)
        let wrong = GitAccess(authorization: { _ in "basic eA==" })
        let refused = await #expect(throws: GitError.self) {
            try await fixture.resolve(fixture.request("one.git", ref: "v2", scheme: "http"), access: wrong)
        }
        #expect(refused?.description.contains("eA==") == false)
    }

    @Test("With the network ruled out, only a hash that is here will do, or the last pin where it is asked for")
    func offline() async throws {
        let fixture = try GitFixture()
        let (_, second) = try fixture.makeOne()
        let request = try fixture.request("one.git", ref: "main")
        for reach in [GitReach.offline, .offlineWithLastPin(nil), .offlineWithLastPin(second)] {
            let error = await #expect(throws: GitError.self) { try await fixture.resolve(request, reach: reach) }
            #expect(error?.kind == .needsNetwork)
        }
        _ = try await fixture.resolve(request)
        await #expect(throws: GitError.self) { try await fixture.resolve(request, reach: .offline) }
        #expect(try await fixture.resolve(request, reach: .offlineWithLastPin(second)).commit.hex == second)
        let byHash = try fixture.request("one.git", ref: second)
        #expect(try await fixture.resolve(byHash, reach: .offline).commit.hex == second)
    }

    @Test("A kept .git is a shallow clone that git takes, the same bytes in another store")
    func keepsGit() async throws {
        let fixture = try GitFixture()
        let (_, second) = try fixture.makeOne()
        var request = try fixture.request("one.git", ref: "main")
        request.keepsGitDirectory = true
        let layer = try await fixture.layer(request)
        let status = try fixture.script(
            """
            mkdir kept; tar -xf '\(fixture.layers.blobs.path(layer.diffID))' -C kept --no-same-owner; cd kept
            git fsck --full >/dev/null 2>&1; [ -z "$(git status --porcelain)" ]; git log --format=%H
            """
        )
        #expect(status == second)
        // Another cache, which has all history, packed otherwise.
        try fixture.script("rm -rf ../data/git/*.git ../data/git/layers; git -C one.git repack -adfq --depth=50")
        _ = try await fixture.resolve(fixture.request("one.git", ref: String(second.prefix(8))))
        #expect(try await fixture.layer(request).diffID == layer.diffID)
    }

    @Test("Times are the epoch, or the commit's where it is asked for and earlier")
    func times() async throws {
        let fixture = try GitFixture()
        _ = try fixture.makeOne()
        var request = try fixture.request("one.git")
        func time(_ layer: GitLayer) throws -> String {
            try fixture.script(
                "TZ=UTC tar -tvf '\(fixture.layers.blobs.path(layer.diffID))' --full-time a.txt | awk '{print $4, $5}'"
            )
        }
        #expect(try time(await fixture.layer(request)) == "1980-01-01 00:00:00")
        request.usesCommitTime = true
        #expect(
            try time(await fixture.layer(request, timestamps: .clamp(epoch: 1_900_000_000))) == "2023-11-14 22:13:20"
        )
        #expect(try time(await fixture.layer(request, timestamps: .keep)) == "2023-11-14 22:13:20")
    }

    @Test(
        "LFS pointers are named, and replaced by what they stand for where that is asked for",
        arguments: [true, false]
    )
    func largeFiles(isGood: Bool) async throws {
        let fixture = try GitFixture()
        let content = isGood ? "large" : "wrong"
        try fixture.script(
            """
            git init -q -b main lfs; cd lfs; oid=$(printf large | sha256sum | cut -c1-64)
            printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:%s\\nsize 5\\n' $oid >big.bin; echo x >x; commit one
            mkdir -p .git/lfs/objects/$(echo $oid | cut -c1-2)/$(echo $oid | cut -c3-4)
            printf \(content) >.git/lfs/objects/$(echo $oid | cut -c1-2)/$(echo $oid | cut -c3-4)/$oid
            """
        )
        var request = try fixture.request("lfs")
        #expect(try await fixture.layer(request).pointers == ["big.bin"])
        request.fetchesLargeFiles = true
        guard isGood else {
            await #expect(throws: GitError.self) { try await fixture.layer(request) }
            return
        }
        let layer = try await fixture.layer(request)
        #expect(layer.pointers.isEmpty)
        #expect(try fixture.script("tar -xOf '\(fixture.layers.blobs.path(layer.diffID))' big.bin") == "large")
    }

    @Test("What a killed git left behind does not hold up the next build")
    func leftovers() async throws {
        let fixture = try GitFixture()
        let (_, second) = try fixture.makeOne()
        _ = try await fixture.resolve(fixture.request("one.git", ref: "v1"))
        try fixture.script("for r in ../data/git/*.git; do touch $r/shallow.lock $r/objects/pack/tmp_pack_x; done")
        #expect(try await fixture.resolve(fixture.request("one.git", ref: "main")).commit.hex == second)
        #expect(try fixture.script("find ../data/git -name 'tmp_*' -o -name '*.lock' | wc -l") == "0")
    }
}
