// SPDX-License-Identifier: Apache-2.0

import BuildModel
import OCIModel
import SystemPackage
import Testing

@testable import RegistryClient

@Suite("Credentials")
struct CredentialTests {
    static let files: [(String, String, Credential?)] = [
        (#"{"auths":{"h:5000":{"auth":"dTpwOnE="}}}"#, "h:5000", .password(user: "u", password: "p:q")),
        (#"{"auths":{"https://h:5000":{"auth":"dTpw"}}}"#, "h:5000", .password(user: "u", password: "p")),
        (
            #"{"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"}}}"#, "registry-1.docker.io",
            .password(user: "u", password: "p")
        ),
        (#"{"auths":{"h":{"identitytoken":"t"}}}"#, "h", .identityToken("t")),
        (#"{"auths":{"h":{"registrytoken":"t"}}}"#, "h", .registryToken("t")),
        (#"{"auths":{"h":{"username":"u","password":"p"}}}"#, "h", .password(user: "u", password: "p")),
        (#"{"auths":{"h":{}}}"#, "h", nil), (#"{"auths":{"h":{"auth":"dTpw"}}}"#, "other", nil), ("{}", "h", nil),
    ]

    @Test("are read from docker's config.json", arguments: files)
    func reads(text: String, host: String, credential: Credential?) async throws {
        let folder = try RegistryFolder()
        try folder.write(Array(text.utf8), "config.json")
        #expect(try await DockerCredentials(file: folder("config.json")).credential(for: host) == credential)
        #expect(try await DockerCredentials(file: folder("none.json")).credential(for: host) == nil)
    }

    @Test(
        "of a broken file are refused",
        arguments: [
            "{", #"{"auths":{"h":{"auth":"***"}}}"#, #"{"auths":{"h":{"auth":"dQ=="}}}"#,
            #"{"credHelpers":{"h":"../evil"}}"#, #"{"credHelpers":{"h":"does-not-exist"}}"#,
        ]
    )
    func refuses(text: String) async throws {
        let folder = try RegistryFolder()
        try folder.write(Array(text.utf8), "config.json")
        let error = try await #require(throws: RegistryError.self) {
            try await DockerCredentials(file: folder("config.json")).credential(for: "h")
        }
        #expect(error.kind == .usage)
    }

    @Test("show no secret")
    func hidden() {
        let secrets: [Credential] = [.password(user: "u", password: "s3"), .identityToken("s3"), .registryToken("s3")]
        for secret in secrets { #expect(!"\(secret)".contains("s3") && !String(reflecting: secret).contains("s3")) }
    }

    @Test("are asked for as the challenge says")
    func challenges() {
        #expect(Challenge("Basic realm=\"x\"") == .basic)
        #expect(
            Challenge("Bearer realm=\"https://a/b?c=d\",service=\"s\",scope=\"repository:x:pull,push\"")
                == .bearer(realm: "https://a/b?c=d", service: "s", scope: "repository:x:pull,push")
        )
        #expect(Challenge("bearer realm=https://a") == .bearer(realm: "https://a", service: nil, scope: nil))
        #expect(Challenge("Bearer service=\"s\"") == nil)
        #expect(Challenge("Negotiate abc") == nil)
    }

    @Test("base 64 goes there and back")
    func base64() {
        for length in 0..<40 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 97) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
        #expect(Base64.encode(Array("user:pass".utf8)) == "dXNlcjpwYXNz")
        #expect(Base64.decode("a") == nil && Base64.decode("a*==") == nil)
    }

    @Test("waits are read as seconds and as dates")
    func retryAfter() {
        #expect(RetryAfter.read("7", now: nil) == .seconds(7))
        #expect(RetryAfter.read("Sun, 06 Nov 1994 08:49:37 GMT", now: "Sun, 06 Nov 1994 08:49:07 GMT") == .seconds(30))
        #expect(RetryAfter.read("Fri, 01 Mar 2024 00:00:00 GMT", now: "Thu, 29 Feb 2024 23:59:50 GMT") == .seconds(10))
        #expect(RetryAfter.read("soon", now: nil) == nil)
        #expect(RetryAfter.read("-1", now: nil) == nil)
    }

    @Test(
        "locations are resolved",
        arguments: [
            ("/x?y", "http://h:1/v2/a/b?c", "http://h:1/x?y"), ("z", "http://h/v2/a/b", "http://h/v2/a/z"),
            ("https://o/p", "http://h/v2", "https://o/p"), ("//o/p", "https://h/v2", "https://o/p"),
            ("?q", "http://h/v2/a?b", "http://h/v2/a?q"), ("file:///etc", "http://h/", nil),
            ("http://user@o/p", "http://h/", nil),
        ]
    )
    func locations(location: String, base: String, expected: String?) {
        #expect(URLText.resolve(location, from: base) == expected)
    }

    @Test(
        "plain HTTP is for the loopback",
        arguments: [
            ("127.0.0.1:5000/a", "http"), ("localhost/a", "http"), ("localhost:443/a", "https"), ("a.b/c", "https"),
            ("127.0.0.1.evil.com/a", "https"), ("10.0.0.1:5000/a", "https"), ("debian", "https"),
        ]
    )
    func schemes(name: String, scheme: String) throws {
        let reference = try ImageReference(parsing: name)
        #expect(RegistryConfiguration().home(of: reference).scheme == scheme)
    }
}
