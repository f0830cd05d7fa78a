// SPDX-License-Identifier: Apache-2.0

import ExampleSupport
import Glibc
import LLB

/// What a program changed in one root, taken out of it and laid over another.
///
/// `swift run merge-example | reel build -o out`, and with `--changes` the changes alone.
@main
struct MergeExample {
    static func main() {
        exit(
            ExampleProgram.write {
                let arguments = try ExampleArguments(
                    CommandLine.arguments.dropFirst(),
                    options: ["base"],
                    flags: ["changes"]
                )
                let changes = changes(base: arguments["base"] ?? "busybox:static")
                return arguments.has("changes") ? changes : .merge([other, changes])
            }
        )
    }

    /// A file that the program removes from one root, so that the other loses it too, and one that it makes.
    private static func changes(base: String) -> State {
        let start = State.image(base).file(
            FileSteps().makeDirectory("/etc", makesParents: true).makeFile("/etc/removed", "in both roots")
        )
        let run = start.run(shell: "echo 'changed in one root, found in another' >/etc/motd; rm /etc/removed")
        return .diff(start, run.root)
    }

    private static var other: State {
        State.scratch.file(
            FileSteps().makeDirectory("/etc").makeFile("/etc/removed", "in both roots").makeFile("/kept", "kept")
        )
    }
}
