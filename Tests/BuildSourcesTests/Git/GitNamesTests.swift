// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

@testable import BuildSources

@Suite("Names in git sources")
struct GitNamesTests {
    @Test(
        "URLs of repositories that are read",
        arguments: [
            ("https://Host.example/a/b.git", "https", "host.example"), ("ssh://git@host:2222/a", "ssh", "host:2222"),
            ("git@host:a/b.git", "ssh", "host"), ("git://host/a", "git", "host"), ("file:///srv/a.git", "file", ""),
            ("http://127.0.0.1:8080/a.git", "http", "127.0.0.1:8080"),
        ]
    )
    func good(url: String, scheme: String, host: String) throws {
        let remote = try GitRemote(parsing: url)
        #expect(remote.scheme.rawValue == scheme)
        #expect(remote.host == host)
    }

    @Test(
        "Texts that no git is ever given",
        arguments: [
            "", "ext::sh -c id", "ext::sh", "-oProxyCommand=x:y", "ssh://-oProxyCommand=x/y", "ssh://-x@host/y",
            "--upload-pack=x:y",
            "ftp://host/a", "https://user:secret@host/a.git", "https://token@host/a.git", "ssh://u:p@host/a",
            "file://host/a", "file://",
            "https://host", "git@host:-x", "a b:c", "https://host/a\nb", "/srv/a.git", "fd::3", "https://host/a?x=1",
        ]
    )
    func bad(url: String) {
        let error = #expect(throws: GitError.self) { try GitRemote(parsing: url) }
        #expect(error?.kind == .usage)
        #expect(error?.description.contains("secret") != true || error?.description.contains("--secret") == true)
        #expect(error?.description.contains("user:secret") == false)
    }

    @Test("Submodules are found relative to their repository, and never outside its host")
    func submodules() throws {
        let remote = try GitRemote(parsing: "https://host/group/one.git")
        #expect(try remote.submodule("../two.git").url == "https://host/group/two.git")
        #expect(try remote.submodule("./sub").url == "https://host/group/one.git/sub")
        #expect(try remote.submodule("https://other/x.git").url == "https://other/x.git")
        #expect(
            try GitRemote(parsing: "git@host:group/one.git").submodule("../two.git").url == "git@host:group/two.git"
        )
        for text in [
            "../../../../x", "file:///etc/x.git", "ext::sh -c id", "-x", "../..", "https://u:p@host/x.git", "/etc/x",
        ] {
            #expect(throws: GitError.self, "\(text)") { try remote.submodule(text) }
        }
    }

    @Test(
        "Names of refs follow git's rules",
        arguments: [
            ("main", true), ("feature/x.y", true), ("-x", false), ("a..b", false), ("a b", false), ("a*", false),
            ("a.lock", false), ("/a", false), ("@", false), ("a@{1}", false), ("a/.b", false), ("a^", false),
            ("a:b", false),
        ]
    )
    func refs(name: String, isValid: Bool) { #expect(GitRefName.isValid(name) == isValid) }

    @Test(
        "Names that file systems take for .git",
        arguments: [
            (".git", true), (".GIT", true), (".Git ", true), (".git.", true), ("git~1", true), ("GIT~1", true),
            (".g\u{200C}it", true),
            (".git:x", true), (".gitignore", false), (".github", false), ("git", false), ("digit", false),
        ]
    )
    func gitFolders(name: String, isGit: Bool) { #expect(GitNames.isGitFolder(Array(name.utf8)[...]) == isGit) }

    @Test("Names that are one where case does not count are refused, unless they are kept")
    func folded() throws {
        let names = ["Makefile", "makefile", "x"].map { Array($0.utf8)[...] }
        #expect(throws: GitError.self) { try GitNames(remote: "r").checkFolded(names, in: []) }
        try GitNames(remote: "r", allowsFolded: true).checkFolded(names, in: [])
        #expect(throws: GitError.self) {
            try GitNames(remote: "r", allowsFolded: true).checkFolded([names[0], names[0]], in: [])
        }
        let composed = ["\u{E9}", "e\u{301}"].map { Array($0.utf8)[...] }
        #expect(throws: GitError.self) { try GitNames(remote: "r").checkFolded(composed, in: []) }
    }

    @Test(
        "git's complaints are sorted by what can be done",
        arguments: [
            ("fatal: unable to access 'http://x/': Failed to connect to x port 1: Connection refused", "passing"),
            ("fatal: unable to access 'http://x/': The requested URL returned error: 503", "passing"),
            ("fatal: early EOF\nfatal: fetch-pack: invalid index-pack output", "passing"),
            ("fatal: unable to access 'http://x/': Could not resolve host: x", "passing"),
            ("fatal: could not read Username for 'http://x': terminal prompts disabled", "denied"),
            ("fatal: Authentication failed for 'http://x/'", "denied"),
            ("git@x: Permission denied (publickey).\nfatal: Could not read from remote repository.", "denied"),
            ("fatal: repository 'http://x/' not found", "noRepository"),
            ("fatal: remote error: access denied or repository not exported: /x", "noRepository"),
            ("fatal: couldn't find remote ref refs/heads/x", "noRef"),
            ("fatal: remote error: upload-pack: not our ref 0123", "notOffered"),
            ("error: Server does not allow request for unadvertised object 0123", "notOffered"),
            ("fatal: mismatched algorithms: client sha1; server sha256", "otherFormat"),
            ("fatal: something new", "other"),
        ]
    )
    func complaints(text: String, kind: String) { #expect("\(GitComplaint(text))".hasPrefix(kind)) }
}
