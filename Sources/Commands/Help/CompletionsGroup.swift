// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine

/// Commands that make a shell complete reel's command lines.
struct CompletionsGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Let bash, zsh or fish complete reel's command lines.",
        subcommands: [CompletionsInstall.self, CompletionsPrint.self]
    )
}

/// A shell that completions are made for.
enum ShellName: String, ExpressibleByArgument, CaseIterable, Sendable {
    case bash, zsh, fish

    /// The script.
    var script: String {
        switch self {
        case .bash: Reel.completionScript(for: .bash)
        case .zsh: Reel.completionScript(for: .zsh)
        case .fish: Reel.completionScript(for: .fish)
        }
    }

    /// The script's name, by which the shell finds it.
    var fileName: String {
        switch self {
        case .bash: "reel"
        case .zsh: "_reel"
        case .fish: "reel.fish"
        }
    }
}

/// Prints a completion script.
struct CompletionsPrint: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "print",
        abstract: "Print the completion script of a shell."
    )

    @Argument(help: "bash, zsh or fish.")
    var shell: ShellName

    func perform(on console: Console) async throws -> Int32 {
        console.print(shell.script)
        return 0
    }
}

/// Installs completion scripts.
struct CompletionsInstall: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Install the completion scripts where the shells look for them.",
        discussion: "For root the places of the whole machine below /usr/local/share, else your own."
    )

    @Argument(help: "bash, zsh or fish; all three without it.")
    var shells: [ShellName] = []

    func perform(on console: Console) async throws -> Int32 {
        for shell in shells.isEmpty ? ShellName.allCases : shells {
            let folder = InstallPlaces(console.environment).completions(of: shell)
            try FileKind.makeFolders(folder)
            try InputFile.write(Array(shell.script.utf8), to: "\(folder)/\(shell.fileName)")
            console.print("\(folder)/\(shell.fileName)")
            if shell == .zsh, console.environment.uid != 0 {
                console.tell("reel: zsh reads it once ~/.zshrc has, before compinit: fpath+=('\(folder)')")
            }
        }
        return 0
    }
}
