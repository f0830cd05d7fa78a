// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import SystemPackage
import Testing

@testable import BuildSources

@Suite("HTTP sources", .timeLimit(.minutes(2)))
struct HTTPStoreTests {
    private let fixture: GitFixture
    private let store: HTTPStore

    init() throws {
        fixture = try GitFixture(serving: true)
        let locks = FilePath(fixture.folder + "/data/locks")
        store = HTTPStore(
            folder: FilePath(fixture.folder + "/data/http"),
            layers: fixture.layers,
            firstPause: .milliseconds(5)
        ) { name in
            try await Offload.run { try FileLock(waitingFor: locks.appending(name)) }
        }
    }

    private func url(_ path: String) -> String { "http://127.0.0.1:\(fixture.ports.http)/\(path)" }

    private func fetch(
        _ path: String,
        reach: HTTPStore.Reach = .remote,
        limit: Int64 = 1 << 30,
        _ change: (inout HTTPRequest) -> Void = { _ in }
    ) async throws -> HTTPLayer {
        var request = HTTPRequest(url: url(path))
        change(&request)
        return try await store.layer(request, timestamps: .default, allowsPrivate: true, limit: limit, reach: reach) {
            note in
            fixture.note(note)
        }
    }

    /// The one entry of the layer, as `tar` lists it, and its contents.
    private func listing(_ layer: HTTPLayer) throws -> String {
        try fixture.script(
            "TZ=UTC tar --numeric-owner --full-time -tvf '\(fixture.layers.blobs.path(layer.diffID))' | tr -s ' '"
        )
    }

    private func put(_ name: String, _ text: String) throws -> ContentDigest {
        try fixture.script(
            "printf '%s' '\(text)' >'../files/\(name)'; touch -d '2001-02-03 04:05:06 UTC' '../files/\(name)'"
        )
        return ContentDigest(of: text)
    }

    @Test("A URL is a file with the pin, name, mode, owner and time that are asked for")
    func attributes() async throws {
        let digest = try put("a.txt", "hello")
        let plain = try await fetch("file/a.txt")
        #expect(plain.digest == digest && plain.how == "remote" && plain.name == "a.txt" && plain.bytes == 5)
        #expect(try listing(plain) == "-rw------- 0/0 5 1980-01-01 00:00:00 a.txt")
        let other = try await fetch("file/a.txt") {
            $0.fileName = "b"
            $0.mode = 0o755
            $0.uid = 5
            $0.gid = 6
        }
        #expect(other.how == "revalidated" && other.bytes == 0)
        #expect(try listing(other) == "-rwxr-xr-x 5/6 5 1980-01-01 00:00:00 b")
        let kept = try await store.layer(HTTPRequest(url: url("file/a.txt")), timestamps: .keep, allowsPrivate: true)
        #expect(try listing(kept) == "-rw------- 0/0 5 2001-02-03 04:05:06 a.txt")
        _ = try put("c d", "x")
        #expect(try await fetch("file/c%20d?x=1").name == "c d")
        #expect(try await fetch("name/a.txt").name == "a.txt")
    }

    @Test("What did not change is asked for and not sent; what changed is; what has a checksum is not even asked for")
    func revalidation() async throws {
        let first = try put("a", "one")
        #expect(try await fetch("file/a").calls == 1)
        let again = try await fetch("file/a")
        #expect(again.how == "revalidated" && again.digest == first && again.bytes == 0)
        let second = try put("a", "two!")
        #expect(try await fetch("file/a").digest == second)
        _ = try fixture.takeRequests()
        let named = try await fetch("file/a") { $0.checksum = first }
        #expect(named.how == "cache" && named.digest == first)
        #expect(try fixture.takeRequests().isEmpty)
        let wrong = await #expect(throws: HTTPSourceError.self) {
            try await fetch("file/a") { $0.checksum = ContentDigest(of: "three") }
        }
        #expect(wrong?.reason == .checksum(expected: ContentDigest(of: "three"), actual: second))
    }

    @Test("Redirects are counted and told; a ring, too many, and ways out of the web are refused")
    func redirects() async throws {
        _ = try put("a", "one")
        let layer = try await fetch("redirect/3/a")
        #expect(layer.redirects.count == 3)
        #expect(layer.redirects.last == url("file/a"))
        for path in ["ring", "redirect/11/a", "to/file%3A///etc/passwd", "to/ftp%3A//x/y"] {
            let error = await #expect(throws: HTTPSourceError.self, "\(path)") { try await fetch(path) }
            guard case .server? = error?.reason else {
                Issue.record("\(path): \(String(describing: error))")
                continue
            }
        }
    }

    @Test("Private addresses are refused: as a number, as a name, and after a redirect")
    func privateAddresses() async throws {
        _ = try put("a", "one")
        for host in ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433"] {
            let request = HTTPRequest(url: "http://\(host):\(fixture.ports.http)/file/a")
            let error = await #expect(throws: HTTPSourceError.self, "\(host)") {
                try await store.layer(request, timestamps: .default)
            }
            guard case .privateAddress? = error?.reason else {
                Issue.record("\(host): \(String(describing: error))")
                continue
            }
            #expect(error?.description.contains("--allow network.private") == true)
        }
        #expect(try fixture.takeRequests().isEmpty)
    }

    @Test("A transfer that breaks off goes on where it was, also in a later build; faults are tried again three times")
    func resuming() async throws {
        let text = String(repeating: "0123456789", count: 10_000)
        let digest = try put("big", text)
        try fixture.control(#"{"faults": ["cut"]}"#)
        let layer = try await fetch("file/big")
        #expect(layer.digest == digest && layer.calls == 2)
        #expect(try fixture.takeRequests().map { String($0.split(separator: " ")[2]) } == ["200", "206"])
        #expect(fixture.takeNotes().count == 1)

        let other = try put("other", text + "!")
        try fixture.control(#"{"faults": ["cut", "500", "500", "500"]}"#)
        let error = await #expect(throws: HTTPSourceError.self) { try await fetch("file/other") }
        #expect(error?.reason == .refused(status: 500))
        _ = try fixture.takeRequests()
        let later = try await fetch("file/other")
        #expect(later.digest == other)
        #expect(later.bytes >= 50_001 && later.bytes < text.utf8.count, "what arrived is not fetched again")
        #expect(try fixture.takeRequests().map { String($0.split(separator: " ")[2]) } == ["206"])
    }

    @Test("A file that changed between two parts is fetched anew")
    func changedMeanwhile() async throws {
        _ = try put("a", String(repeating: "a", count: 50_000))
        try fixture.control(#"{"faults": ["cut", "500", "500", "500"]}"#)
        await #expect(throws: HTTPSourceError.self) { try await fetch("file/a") }
        let digest = try put("a", String(repeating: "b", count: 50_000))
        #expect(try await fetch("file/a").digest == digest)
    }

    @Test("Retry-After is obeyed, and one beyond measure ends the attempt")
    func retryAfter() async throws {
        let digest = try put("a", "one")
        try fixture.control(#"{"faults": ["429"], "retryAfter": "1"}"#)
        let start = ContinuousClock.now
        #expect(try await fetch("file/a").digest == digest)
        #expect(ContinuousClock.now - start >= .seconds(1))
        try fixture.control(#"{"faults": ["429"], "retryAfter": "86400"}"#)
        let error = await #expect(throws: HTTPSourceError.self) { try await fetch("file/a") }
        #expect(error?.kind == .needsNetwork)
    }

    @Test("What is larger than allowed is refused, announced or not")
    func limits() async throws {
        _ = try put("a", "0123456789")
        for path in ["file/a", "endless"] {
            let error = await #expect(throws: HTTPSourceError.self) { try await fetch(path, limit: 9) }
            #expect(error?.reason == .tooLarge(limit: 9))
        }
    }

    @Test("Nobody is asked when the network is ruled out")
    func offline() async throws {
        let digest = try put("a", "one")
        for reach in [HTTPStore.Reach.offline, .offlineWithLast] {
            let error = await #expect(throws: HTTPSourceError.self) { try await fetch("file/a", reach: reach) }
            #expect(error?.kind == .needsNetwork)
        }
        _ = try await fetch("file/a")
        _ = try fixture.takeRequests()
        await #expect(throws: HTTPSourceError.self) { try await fetch("file/a", reach: .offline) }
        #expect(try await fetch("file/a", reach: .offlineWithLast).digest == digest)
        #expect(try await fetch("file/a", reach: .offline) { $0.checksum = digest }.how == "cache")
        #expect(try fixture.takeRequests().isEmpty)
    }

    @Test("A secret goes to the URL's own origin and not along redirects; passwords in URLs are refused")
    func credentials() async throws {
        let digest = try put("a", "one")
        try fixture.control(#"{"authorization": "Bearer s3cret"}"#)
        let denied = await #expect(throws: HTTPSourceError.self) { try await fetch("file/a") }
        #expect(denied?.reason == .refused(status: 401))
        #expect(try await fetch("file/a") { $0.authorization = "Bearer s3cret" }.digest == digest)
        let away = "to/http%3A%2F%2Flocalhost%3A\(fixture.ports.http)%2Ffile%2Fa"
        let stripped = await #expect(throws: HTTPSourceError.self) {
            try await fetch(away) { $0.authorization = "Bearer s3cret" }
        }
        #expect(stripped?.reason == .refused(status: 401))
        let error = await #expect(throws: HTTPSourceError.self) {
            try await store.layer(HTTPRequest(url: "http://u:secret@127.0.0.1/x"), timestamps: .default)
        }
        #expect(error?.description.contains("secret@") == false)
    }
}

@Suite("Names and addresses of HTTP sources")
struct HTTPNamesTests {
    @Test(
        "Which addresses are private",
        arguments: [
            ([10, 1, 2, 3], true), ([172, 16, 0, 1], true), ([172, 32, 0, 1], false), ([192, 168, 1, 1], true),
            ([169, 254, 169, 254], true),
            ([100, 64, 0, 1], true), ([8, 8, 8, 8], false), ([224, 0, 0, 1], true), ([0, 0, 0, 0], true),
            ([0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], true),
            ([0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], true),
            ([0x20, 1, 0x48, 0x60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x88, 0x88], false),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], true),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 1], true),
            ([0x20, 2, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], true),
            ([0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0, 127, 0, 0, 1], true),
        ] as [([UInt8], Bool)]
    )
    func addresses(bytes: [UInt8], isPrivate: Bool) { #expect(NetworkAddress(bytes: bytes).isPrivate == isPrivate) }

    @Test("Names that are no file names are refused or replaced")
    func names() {
        for name in ["..", "a/b", ".", ".wh.x", "a\0"] {
            var request = HTTPRequest(url: "http://host/a")
            request.fileName = name
            #expect(throws: HTTPSourceError.self) { try request.check() }
        }
        #expect(HTTPRequest.name(ofURL: "http://host") == "download")
        #expect(HTTPRequest.name(ofURL: "http://host/a/b%2Fc") == "download")
        #expect(HTTPRequest.name(ofURL: "http://host/a/x.tar.gz?d=/y#z") == "x.tar.gz")
        #expect(HTTPDownload.name("attachment; filename=\"../../etc/passwd\"") == nil)
        #expect(HTTPDownload.name("attachment; FileName=x.txt; size=1") == "x.txt")
    }
}
