// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildEvents
import BuildModel
import BuildProgress
import Sandbox
import Synchronization

/// Shows a build on the console while it goes on.
///
/// The tree is drawn ten times a second at most, for the first time after a fifth of a second: a build that is over by
/// then draws nothing but its end.
final class ConsoleProgress: BuildObserver {
    private struct Shown {
        var state = ProgressState()
        var plain = PlainText()
        var painter: FramePainter
        var isOver = false
    }

    /// How it is shown.
    let mode: ProgressMode
    private let console: Console
    private let shown: Mutex<Shown>

    /// Makes a progress that has seen nothing yet.
    init(mode: ProgressMode, console: Console) {
        self.mode = mode
        self.console = console
        shown = Mutex(Shown(painter: FramePainter(inColour: console.style.inColour)))
    }

    /// What was seen so far.
    var state: ProgressState { shown.withLock(\.state) }

    func observe(_ event: BuildEvent, at time: Timestamp) {
        shown.withLock { shown in
            shown.state.apply(event, at: time)
            switch mode {
            case .plain: send(shown.plain.text(for: event, at: time))
            case .rawjson: send(EventLine.text(for: event, at: time))
            case .auto, .tty, .quiet: break
            }
        }
    }

    func observe(_ output: OutputChunk, of vertex: ContentDigest) {
        let (bytes, elapsed) = (output.bytes, output.offset)
        shown.withLock { shown in
            shown.state.apply(output: bytes, of: vertex, elapsed: elapsed)
            switch mode {
            case .plain: send(shown.plain.text(forOutput: bytes, of: vertex, elapsed: elapsed))
            case .rawjson:
                send(EventLine.text(forOutput: bytes, stream: output.stream.rawValue, of: vertex, elapsed: elapsed))
            case .auto, .tty, .quiet: break
            }
        }
    }

    /// Does `work` and shows its progress; nothing of a tree is left on the screen afterwards.
    func showing<Value: Sendable>(_ work: @Sendable () async throws -> Value) async throws -> Value {
        guard mode == .tty else { return try await work() }
        async let _ = tick()
        defer { clear() }
        return try await work()
    }

    private func tick() async {
        do {
            try await Task.sleep(for: .milliseconds(200))
            while true {
                draw()
                try await Task.sleep(for: .milliseconds(100))
            }
        } catch {
            // Cancelled: the build is over.
        }
    }

    private func draw() {
        let size = console.size()
        let now = console.environment.clock.now()
        shown.withLock { shown in
            guard !shown.isOver else { return }
            let lines = TreeView(style: console.style, size: size, now: now).lines(of: shown.state)
            send(shown.painter.paint(lines, columns: size.columns))
        }
    }

    private func clear() {
        let columns = console.size().columns
        shown.withLock { shown in
            shown.isOver = true
            send(shown.painter.clear(columns: columns))
        }
    }

    /// Writes lines of a report, in colour where that is wanted.
    func tell(_ lines: [StyledLine]) {
        for line in lines { console.errors.write(line.rendered(inColour: console.style.inColour) + "\n") }
        console.errors.flush()
    }

    private func send(_ text: String) {
        guard !text.isEmpty else { return }
        console.errors.write(text)
        console.errors.flush()
    }
}
