// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// A real terminal of a given size, in which a person types: tmux on a socket of its own.
///
/// `close()` ends the server and what runs in it.
struct Terminal {
    private let workspace: Workspace
    private let socket: String

    /// Opens a terminal with a shell in the workspace's folder, and waits for its prompt.
    init(in workspace: Workspace, columns: Int, rows: Int, variables: [String: String] = [:]) async throws {
        self.workspace = workspace
        socket = workspace.folder + "/tmux-\(columns)x\(rows)"
        var environment = ["TERM": "xterm-256color", "ENV": "", "NO_COLOR": "", "BUILDKIT_PROGRESS": ""]
        environment["REEL"] = Workspace.reel
        environment.merge(variables) { _, new in new }
        try await workspace.shell(
            "tmux -u -S '\(socket)' -f /dev/null new-session -d -x \(columns) -y \(rows) 'exec sh'",
            environment: environment
        )
        try await wait { $0.contains { $0.hasPrefix("$") || $0.hasPrefix("#") } }
    }

    private func tmux(_ command: String) async throws -> String {
        try await workspace.shell("tmux -S '\(socket)' \(command)")
    }

    /// Types a line and presses Return.
    func type(_ line: String) async throws {
        try await write(line)
        try await press("Enter")
    }

    /// Types characters.
    func write(_ text: String) async throws {
        _ = try await tmux("send-keys -l -- '\(text.replacing("'", with: "'\\''"))'")
    }

    /// Presses a key, as tmux spells it.
    func press(_ key: String) async throws { _ = try await tmux("send-keys \(key)") }

    /// Makes the terminal another size.
    func resize(columns: Int, rows: Int) async throws {
        _ = try await tmux("resize-window -x \(columns) -y \(rows)")
    }

    /// What is on the screen, row by row; with `escapes`, the colours too.
    func screen(escapes: Bool = false) async throws -> [String] {
        try await tmux("capture-pane -p" + (escapes ? " -e" : "")).split(
            separator: "\n",
            omittingEmptySubsequences: false
        ).map(String.init)
    }

    /// Waits until the screen is as wanted, half a minute at most, and returns it.
    @discardableResult
    func wait(
        sourceLocation: SourceLocation = #_sourceLocation,
        until isWanted: ([String]) -> Bool
    ) async throws -> [String] {
        var rows: [String] = []
        for _ in 0..<300 {
            rows = try await screen()
            if isWanted(rows) { return rows }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("the screen stayed:\n\(rows.joined(separator: "\n"))", sourceLocation: sourceLocation)
        throw CancellationError()
    }

    /// Waits until some row holds `text`.
    @discardableResult
    func wait(for text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> [String] {
        try await wait(sourceLocation: sourceLocation) { $0.contains { $0.contains(text) } }
    }

    /// Ends the terminal and what runs in it.
    func close() async throws { _ = try await tmux("kill-server") }
}

/// Opens a terminal, does `work` in it, and closes it whatever happens.
func withTerminal(
    in workspace: Workspace,
    columns: Int,
    rows: Int,
    variables: [String: String] = [:],
    _ work: (Terminal) async throws -> Void
) async throws {
    let terminal = try await Terminal(in: workspace, columns: columns, rows: rows, variables: variables)
    do {
        try await work(terminal)
    } catch {
        try? await terminal.close()
        throw error
    }
    try await terminal.close()
}
