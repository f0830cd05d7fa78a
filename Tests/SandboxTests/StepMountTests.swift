// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
import OCIModel
import Sandbox
import SystemPackage
import Testing

@Suite struct StepMountTests {
    @Test func everyKindOfMountWorks() async throws {
        let bench = try Bench()
        let mounted = try bench.driver.mount(bench.base, writable: true)
        let source = try bench.layer { writer in
            try writer.directory(Array("dir".utf8), FileAttributes(kind: .directory, mode: 0o755))
            try writer.text("dir/file", "inside\n")
            try writer.text("top", "top\n")
        }
        let other = try bench.driver.mount(Snapshot(layers: [source]), writable: true)
        let cache = bench.root.appending("shared")
        try cache.makeFolder(mode: 0o755)
        let secret = bench.root.appending("secret")
        try write("token\n", to: secret)
        let command = """
            cat /src/top /one/file /run/secrets/s /single; echo kept >/cache/a; echo kept >/src/nested/b
            echo no 2>/dev/null >/one/x || echo refused; echo yes >/src/new; df /memory | tail -n 1 | tr -s ' ' | cut -d' ' -f2
            stat -c %a /memory
            """
        let ran = try await bench.run(command, in: mounted) {
            $0.mounts = [
                ContainerMount(.directory(other.path), at: "/src"),
                ContainerMount(.directory(other.path, subpath: "/dir/../dir"), at: "one", isReadOnly: true),
                ContainerMount(.directory(other.path, subpath: "dir/file"), at: "/single", isReadOnly: true),
                ContainerMount(.directory(cache), at: "/cache"),
                ContainerMount(.directory(cache), at: "/src/nested"),
                ContainerMount(.file(secret), at: "/run/secrets/s", isReadOnly: true),
                ContainerMount(.temporary(size: 1 << 20), at: "/memory"),
            ]
        }
        #expect(ran.output == "top\ninside\ntoken\ninside\nrefused\n1024\n1777\n", "\(ran)")
        // Nothing of the mounts is left in the root, and of the nested one nothing in what it lay in.
        #expect(try mounted.commit(timestamps: .default).isEmpty)
        let layer = try other.commit(timestamps: .default)
        #expect(try bench.listing(layer.diffID) == ["regular 644 0:0 new 4"])
        #expect(unsafe access(cache.appending("a").string, F_OK) == 0 && access(cache.appending("b").string, F_OK) == 0)
    }

    @Test func aSubpathCannotLeadOut() async throws {
        let bench = try Bench()
        let mounted = try bench.driver.mount(bench.base, writable: true)
        let cache = bench.root.appending("cache-with-link")
        try cache.appending("etc").makeFolder(mode: 0o755)
        #expect(unsafe symlink("/etc", cache.appending("out").string) == 0)
        #expect(unsafe symlink("../../../../etc", cache.appending("up").string) == 0)
        for subpath in ["out", "up", "../../etc", "etc/../../../etc"] {
            let ran = try await bench.run("ls /x | wc -l", in: mounted) {
                $0.mounts = [ContainerMount(.directory(cache, subpath: subpath), at: "/x")]
            }
            #expect(ran.output == "0\n", "\(subpath) led to the machine's own /etc")
        }
        await #expect(throws: MountError.self) {
            _ = try await bench.run("true", in: mounted) {
                $0.mounts = [ContainerMount(.directory(cache, subpath: "nosuch"), at: "/x")]
            }
        }
    }

    /// Roots in which mount points lie behind links, or are missing.
    @Test func mountPointsLeaveNoTrace() async throws {
        let bench = try Bench()
        let old = Timestamp(seconds: 1000)
        let special = try bench.layer { writer in
            var etc = FileAttributes(kind: .directory, mode: 0o755)
            etc.modified = old
            try writer.directory(Array("etc".utf8), etc)
            // As on systems with systemd-resolved: a dangling link.
            let link = FileAttributes(kind: .symbolicLink, mode: 0o777)
            try writer.symbolicLink(Array("etc/resolv.conf".utf8), link, target: Array("../run/r/stub.conf".utf8))
        }
        for snapshot in [bench.base, bench.base.appending(special)] {
            for readOnly in [false, true] {
                let mounted = try bench.driver.mount(snapshot, writable: true)
                let ran = try await bench.run("cat /etc/resolv.conf /etc/hosts | wc -l", in: mounted) {
                    $0.hasReadOnlyRoot = readOnly
                    $0.mounts = [ContainerMount(.temporary(size: 0), at: "/a/b/c/d")]
                }
                #expect(ran.exit.isSuccess, "\(ran)")
                let layer = try mounted.commit(timestamps: .keep)
                #expect(try bench.listing(layer.diffID) == [])
                #expect(layer.isEmpty)
            }
        }
        // The time of a directory that a mount point was made in is what it was.
        let mounted = try bench.driver.mount(Snapshot(layers: [bench.base.layers[0], special]), writable: true)
        _ = try await bench.run("true", in: mounted)
        var status = stat()
        #expect(unsafe stat(mounted.path.appending("etc").string, &status) == 0)
        #expect(status.st_mtim.tv_sec == 1000)
    }

    @Test func whatAStepPutsAtAMountPointStays() async throws {
        let bench = try Bench()
        let mounted = try bench.driver.mount(bench.base, writable: true)
        let ran = try await bench.run("echo x >/a/b/sibling", in: mounted) {
            $0.mounts = [ContainerMount(.temporary(size: 0), at: "/a/b/c")]
        }
        #expect(ran.exit.isSuccess, "\(ran)")
        let layer = try mounted.commit(timestamps: .default)
        let expected = ["directory 755 0:0 a", "directory 755 0:0 a/b", "regular 644 0:0 a/b/sibling 2"]
        #expect(try bench.listing(layer.diffID) == expected)
    }

    private func write(_ text: String, to path: FilePath) throws {
        let options: FileDescriptor.OpenOptions = [.create, .truncate]
        let file = try FileDescriptor.open(path, .writeOnly, options: options, permissions: .ownerReadWrite)
        try file.closeAfter { _ = try file.writeAll(Array(text.utf8)) }
    }
}
