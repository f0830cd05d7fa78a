// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import Dispatch
import Glibc
import Sandbox
import Synchronization

/// The program `reel`, from its command line to its exit code.
public enum Program {
    /// Runs the command line of this process and ends the process.
    ///
    /// Everything up to the namespaces happens on the one thread that the process starts with, since a user namespace can
    /// only be entered by a process of one thread.
    public static func run() -> Never {
        let words = CommandLine.arguments
        let command: any ReelCommand
        switch parse(Array(words.dropFirst())) {
        case .command(let parsed): command = parsed
        case .answer(let text, let code):
            let sink = OutputSink(descriptor: code == 0 ? STDOUT_FILENO : STDERR_FILENO)
            sink.write(text)
            sink.flush()
            exit(code)
        }
        // Before the namespaces: inside them an ordinary user looks like root.
        let environment = EngineEnvironment.system(commandLine: words)
        if type(of: command).entersNamespaces {
            // A failure is told by the step that needs a container, which asks again; many builds need none.
            _ = try? NamespaceEntry.enter()
        }
        let code = wait(for: command, on: Console.ofProcess(environment))
        ProcessFolder.waitForRemoval()
        StepServer.end()
        // Without the handlers of `exit`: libcrypto's takes away what a thread that is not done yet may be using.
        _exit(code)
    }

    /// Runs `command` on other threads while this one waits for its exit code.
    private static func wait(for command: any ReelCommand, on console: Console) -> Int32 {
        let done = DispatchSemaphore(value: 0)
        let code = Mutex<Int32>(0)
        // The edge of the process: the one task that everything else belongs to.
        let task = Task {
            let result = await perform(command, on: console)
            code.withLock { $0 = result }
            done.signal()
        }
        Signals.watch { signal, times in
            if times > 1 { _exit(128 + signal) }
            task.cancel()
        }
        done.wait()
        return code.withLock { $0 }
    }

    /// Runs a command, tells what went wrong, and chooses the exit code.
    static func perform(_ command: any ReelCommand, on console: Console) async -> Int32 {
        var code: Int32
        do {
            code = try await command.perform(on: console)
        } catch let told as AlreadyTold {
            code = told.kind.exitCode
        } catch let fault as any Fault {
            console.fail(fault.description)
            code = fault.kind.exitCode
        } catch is CancellationError {
            console.fail("stopped")
            code = FaultKind.cancelled.exitCode
        } catch {
            console.fail(String(describing: error))
            code = FaultKind.failed.exitCode
        }
        console.output.flush()
        // As if the signal of a closed pipe had ended the program.
        if console.output.isClosed, code == 0 { code = 128 + SIGPIPE }
        return code
    }

    /// What a command line means.
    enum Meaning {
        /// A command to run.
        case command(any ReelCommand)
        /// A text to print, such as help, and the exit code: 0, or 2 for a wrong command line.
        case answer(String, code: Int32)
    }

    /// Parses a command line, the program's name left out.
    static func parse(_ words: [String]) -> Meaning {
        if HelpPage.isAskedFor(by: words) { return .answer(HelpPage.text + "\n", code: 0) }
        if words == ["--version"] { return .answer("reel \(Engine.version)\n", code: 0) }
        do {
            // A flag with an optional value, which the parser does not have.
            var parsed = try Reel.parseAsRoot(words.map { $0 == "--offline=last" ? "--offline-last" : $0 })
            if let command = parsed as? any ReelCommand { return .command(command) }
            // A group without a command, or the parser's own help: both answer with their page.
            try parsed.run()
            return .answer(HelpPage.text + "\n", code: FaultKind.usage.exitCode)
        } catch {
            guard Reel.exitCode(for: error).isSuccess else {
                return .answer("reel: \(UsageMessage.text(for: error, words: words))\n", code: FaultKind.usage.exitCode)
            }
            let isAsked = words.contains { ["-h", "--help", "help", "--generate-completion-script"].contains($0) }
            let text = Reel.fullMessage(for: error) + "\n"
            return .answer(text, code: isAsked ? 0 : FaultKind.usage.exitCode)
        }
    }
}

/// A fault that the person has read already; only its exit code is left.
struct AlreadyTold: Error {
    let kind: FaultKind
}
