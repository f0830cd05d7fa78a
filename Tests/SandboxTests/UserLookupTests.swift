// SPDX-License-Identifier: Apache-2.0

import Layers
import OCIModel
import Testing

@Suite struct UserLookupTests {
    /// What a user is spelt as, and who that is; `nil` where there is nobody.
    static let cases: [(String, UserNumbers?)] = [
        ("", UserNumbers(uid: 0, gid: 0, additionalGroups: [0])),
        ("root", UserNumbers(uid: 0, gid: 0, additionalGroups: [0])),
        ("root:root", UserNumbers()),
        ("root:7", UserNumbers(uid: 0, gid: 7)),
        ("0:0", UserNumbers()),
        ("bob", UserNumbers(uid: 1000, gid: 1001, additionalGroups: [50, 100])),
        ("bob:staff", UserNumbers(uid: 1000, gid: 50)),
        ("bob:77", UserNumbers(uid: 1000, gid: 77)),
        ("1000", UserNumbers(uid: 1000, gid: 1001, additionalGroups: [50, 100])),
        ("1000:staff", UserNumbers(uid: 1000, gid: 50)),
        ("4000", UserNumbers(uid: 4000, gid: 0)),
        ("4000:4001", UserNumbers(uid: 4000, gid: 4001)),
        ("twice", UserNumbers(uid: 5, gid: 5)),
        (":staff", UserNumbers(uid: 0, gid: 50)),
        // A number is an id, even where a name is spelt like it.
        ("42", UserNumbers(uid: 42, gid: 0)),
        ("odd", UserNumbers(uid: 0, gid: 0)),
        ("nobody-here", nil),
        ("bob:no-such-group", nil),
        ("2147483648", nil),
        ("-1", nil),
        ("-1:0", nil),
    ]

    @Test func usersAreFoundAsBuildKitFindsThem() throws {
        let bench = try Bench()
        let layer = try bench.layer { writer in
            try writer.directory(Array("etc".utf8), FileAttributes(kind: .directory, mode: 0o755))
            try writer.text(
                "etc/group",
                "root:x:0:root\n# comment\n  staff:x:50:bob,ann\nusers:x:100:bob\n\nnobob:x:3:bobby\n"
            )
            try writer.text(
                "etc/passwd",
                "root:x:0:0\nbob:x:1000:1001::/home/bob\ntwice:x:5:5\ntwice:x:6:6\n42:x:99:99\nodd:x:what\n"
            )
        }
        let lookup = UserLookup(in: try bench.store.view(Snapshot(layers: [layer])))
        for (text, expected) in Self.cases {
            #expect((try? lookup.process(text)) == expected, "\(text)")
        }
        #expect(try lookup.user(named: "bob") == UserNumbers(uid: 1000, gid: 1001))
        #expect(try lookup.group(named: "staff") == 50)
        #expect(try lookup.group(named: "none") == nil)
    }

    @Test func aRootWithoutFilesHasNumbersOnly() throws {
        let bench = try Bench()
        let lookup = UserLookup(in: try bench.store.view(.scratch))
        #expect(try lookup.process("") == .root)
        #expect(try lookup.process("12") == UserNumbers(uid: 12, gid: 0))
        #expect(throws: MountError.unknownName(kind: "user", name: "bob")) { try lookup.process("bob") }
        #expect(throws: MountError.unknownName(kind: "group", name: "staff")) { try lookup.process("0:staff") }
        #expect(try lookup.user(named: "root") == nil)
    }

    @Test func linksStayInsideTheRoot() throws {
        let bench = try Bench()
        let layer = try bench.layer { writer in
            try writer.directory(Array("etc".utf8), FileAttributes(kind: .directory, mode: 0o755))
            let link = FileAttributes(kind: .symbolicLink, mode: 0o777)
            try writer.symbolicLink(Array("etc/passwd".utf8), link, target: Array("../../../../usr/passwd".utf8))
            try writer.directory(Array("usr".utf8), FileAttributes(kind: .directory, mode: 0o755))
            try writer.text("usr/passwd", "inside:x:9:9\n")
        }
        let lookup = UserLookup(in: try bench.store.view(Snapshot(layers: [layer])))
        #expect(try lookup.process("inside") == UserNumbers(uid: 9, gid: 9))
    }
}
