// SPDX-License-Identifier: Apache-2.0

import ExampleSupport
import Glibc
import LLB

/// A C project from its git repository, compiled, tested and installed in a Debian root.
///
/// `swift run buildkit2-example | reel build --exporter image --exporter-opt name=docker.io/me/app:dev`
@main
struct BuildKit2Example {
    static func main() {
        exit(
            ExampleProgram.write {
                let arguments = try ExampleArguments(
                    CommandLine.arguments.dropFirst(),
                    options: ["base", "repository", "ref"]
                )
                return try image(
                    base: arguments["base"] ?? "docker.io/library/gcc:12",
                    repository: arguments["repository"] ?? "https://github.com/madler/zlib.git",
                    ref: arguments["ref"] ?? "v1.3.1"
                )
            }
        )
    }

    /// The base, and on top of it what `make install` of the project puts where.
    ///
    /// The source and the root are mounted read-only and the objects are in memory, so the only thing that a step leaves
    /// behind is the folder that it installs into: what ldconfig would cache in the root holds times, and differs each time.
    static func image(base: String, repository: String, ref: String) throws -> State {
        let tools = State.image(base)
        let build = tools.run(
            shell: """
                cp -a /src/. /work && cd /work && ./configure --prefix=/usr/local \
                && make -j2 && make test && make install DESTDIR=/out
                """
        ) {
            $0.mount("/src", State.git(repository, ref: ref), isReadOnly: true)
            $0.isRootReadOnly = true
            $0.tmpfs("/tmp")
            $0.tmpfs("/work")
            $0.mount("/out", .scratch)
        }
        return State.merge([tools, try build.mount("/out")])
    }
}
