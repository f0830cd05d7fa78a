// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// What shells and man(1) make of the files that reel gives them.
@Suite("Shells and man", .serialized)
struct ShellTests {
    /// How each shell is started with the completions of `$HOME`.
    private static let start = [
        "bash": "exec bash --norc",
        "zsh": "exec zsh -f",
        "fish": "exec fish --no-config",
    ]
    private static let prepare = [
        "bash": "PS1='> '; . /usr/share/bash-completion/bash_completion",
        "zsh": "PS1='> '; fpath+=(~/.local/share/zsh/site-functions); autoload -Uz compinit; compinit -u -D",
        "fish": "function fish_prompt; echo '> '; end; source ~/.config/fish/completions/reel.fish",
    ]

    private static func isInstalled(_ shell: String) -> Bool { unsafe access("/usr/bin/\(shell)", X_OK) == 0 }

    @Test(
        "Installed completions work in the shells themselves",
        .timeLimit(.minutes(2)),
        arguments: ["bash", "zsh", "fish"]
    )
    func completions(shell: String) async throws {
        try #require(Self.isInstalled(shell), "Tests/run installs \(shell)")
        let workspace = try Workspace()
        let home = workspace.folder + "/home"
        try await workspace.shell("mkdir '\(home)'; chmod 755 '\(workspace.folder)'; chown 65534 '\(home)' || true")
        // For root the places are those of the whole machine, which a test leaves alone.
        let asPerson = geteuid() == 0 ? "setpriv --reuid=65534 --clear-groups" : "env"
        try await workspace.shell(
            "\(asPerson) env HOME='\(home)' XDG_DATA_HOME= XDG_CONFIG_HOME= '\(Workspace.reel)' completions install \(shell)"
        )
        let variables = [
            "HOME": home, "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": "",
            "PATH": Workspace.programs + ":/usr/local/bin:/usr/bin:/bin",
        ]
        try await withTerminal(in: workspace, columns: 100, rows: 24, variables: variables) { terminal in
            try await terminal.type(Self.start[shell] ?? "")
            try await terminal.type(Self.prepare[shell] ?? "")
            try await terminal.wait { $0.contains { $0.hasPrefix(">") } }
            try await terminal.write("reel histo")
            try await terminal.press("Tab")
            try await terminal.wait(for: "> reel history")
            try await terminal.write("ls --stat")
            try await terminal.press("Tab")
            try await terminal.wait(for: "ls --status")
        }
    }

    @Test("man(1) sets every page without complaint", .timeLimit(.minutes(1)))
    func manual() async throws {
        try #require(Self.isInstalled("man"), "Tests/run installs man-db")
        let workspace = try Workspace()
        let script = """
            '\(Workspace.reel)' man --directory pages >/dev/null
            for page in pages/*.1; do
                MANWIDTH=80 man --warnings -l "$page" >set 2>complaints
                [ ! -s complaints ] || { echo "$page"; cat complaints; }
                for part in NAME SYNOPSIS 'SEE ALSO'; do grep -q "^$part" set || echo "$page: no $part"; done
            done
            ls pages | wc -l
            """
        let output = try await workspace.shell(script, environment: ["MAN_KEEP_FORMATTING": ""])
        let lines = output.split(separator: "\n")
        #expect(lines.count == 1, "\(output)")
        #expect(lines.last.flatMap { Int($0) }.map { $0 > 20 } == true)
    }
}
