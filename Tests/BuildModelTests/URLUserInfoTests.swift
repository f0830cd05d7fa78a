// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

@Suite("User and password in URLs")
struct URLUserInfoTests {
    @Test(
        "A text is told without them",
        arguments: [
            ("clone https://u:p@host/x?y#z now", "clone https://host/x?y#z now"),
            ("https://token@host/x", "https://host/x"),
            ("ssh://git@host/x", "ssh://git@host/x"), ("ssh://git:pw@host/x", "ssh://host/x"),
            ("git@host:x", "git@host:x"),
            ("'https://a:b@c:d@host/x' and http://q:r@s", "'https://host/x' and http://s"),
            ("https://host/a@b", "https://host/a@b"),
        ]
    )
    func redacted(text: String, told: String) { #expect(URLUserInfo.redacted(text) == told) }

    @Test("They are parted and decoded")
    func split() throws {
        let (plain, info) = URLUserInfo.split("https://u%40x:p%3Aq@host:1/a@b?c")
        #expect(plain == "https://host:1/a@b?c")
        let found = try #require(info)
        #expect(found.user == "u@x")
        #expect(found.password == "p:q")
        #expect(URLUserInfo.split("https://host/a@b").userInfo == nil)
    }
}
