// SPDX-License-Identifier: Apache-2.0

import ExampleSupport
import Glibc
import LLB

/// A C library, compiled twice side by side, and a program that is linked with it and tested before it is given away.
///
/// `swift run buildkit3-example --local | reel build --local buildkit-src=.` takes the source from this directory, without
/// `--local` it comes from the repository.
@main
struct BuildKit3Example {
    static func main() {
        exit(
            ExampleProgram.write {
                let arguments = try ExampleArguments(
                    CommandLine.arguments.dropFirst(),
                    options: ["base", "repository", "ref"],
                    flags: ["local"]
                )
                let source =
                    arguments.has("local")
                    ? State.local("buildkit-src", LocalSource(excludePatterns: [".git"]))
                    : State.git(
                        arguments["repository"] ?? "https://github.com/madler/zlib.git",
                        ref: arguments["ref"] ?? "v1.3.1"
                    )
                return try image(base: arguments["base"] ?? "docker.io/library/gcc:12", source: source)
            }
        )
    }

    /// A root with nothing but the program, the shared library and the verdict of the test.
    static func image(base: String, source: State) throws -> State {
        let tools = State.image(base).directory("/work")
        let library = try step(
            tools,
            source,
            "CFLAGS='-O2 -fPIC' ./configure --shared && make shared && cp -d libz.so* /out/"
        )
        let program = try step(
            tools,
            source,
            "./configure --static && make libz.a && gcc -O2 -static -I. -o /out/minigzip test/minigzip.c libz.a"
        )
        let check = tools.run(
            shell: "/program/minigzip <zlib.h | gzip -d | cmp - zlib.h && echo 'minigzip and gzip agree' >/out/verdict"
        ) {
            $0.mount("/work", source, isReadOnly: true)
            $0.mount("/program", program, isReadOnly: true)
            $0.mount("/out", .scratch)
        }
        let installed = State.scratch.file(
            FileSteps().copy(from: program, "/minigzip", to: "/bin/minigzip") {
                $0.createsDestinationPath = true
            }
        )
        let libraries = State.scratch.file(
            FileSteps().copy(from: library, "/", to: "/usr/lib/") {
                $0.createsDestinationPath = true
            }
        )
        return State.merge([installed, libraries, try check.mount("/out")])
    }

    /// What one command line makes of the source in `/out`.
    private static func step(_ tools: State, _ source: State, _ commands: String) throws -> State {
        let run = tools.run(shell: "cp -a /src/. . && " + commands) {
            $0.mount("/src", source, isReadOnly: true)
            $0.tmpfs("/work")
            $0.mount("/out", .scratch)
        }
        return try run.mount("/out")
    }
}
