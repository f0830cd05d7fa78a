// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildModel
import BuildProgress
import CLinux
import Glibc
import SystemPackage

/// The edge between a command and the person: standard streams, terminal and environment.
struct Console: Sendable {
    /// What the command takes from the machine.
    let environment: EngineEnvironment
    /// Standard output, for what was asked for.
    let output: OutputSink
    /// Standard error, for progress and complaints.
    let errors: OutputSink
    /// Whether standard input is a terminal.
    let readsTerminal: Bool
    /// Whether standard output is a terminal.
    let writesTerminal: Bool
    /// Whether standard error is a terminal.
    let complainsToTerminal: Bool
    /// Reads standard input to its end; refuses more than so many bytes.
    let readInput: @Sendable (_ limit: Int) throws -> [UInt8]
    /// Keeps all of standard input in a file that goes with the process; gives the path by which this process reads it.
    let spoolInput: @Sendable () throws -> String
    /// The size of the terminal, now.
    let size: @Sendable () -> TerminalSize

    /// The console of this process.
    static func ofProcess(_ environment: EngineEnvironment) -> Console {
        Console(
            environment: environment,
            output: OutputSink(descriptor: STDOUT_FILENO),
            errors: OutputSink(descriptor: STDERR_FILENO),
            readsTerminal: isatty(STDIN_FILENO) == 1,
            writesTerminal: isatty(STDOUT_FILENO) == 1,
            complainsToTerminal: isatty(STDERR_FILENO) == 1,
            readInput: { limit in try InputFile.read(FileDescriptor.standardInput, name: "standard input", limit: limit)
            },
            spoolInput: { try InputSpool.path(of: FileDescriptor.standardInput, in: environment) },
            size: {
                var columns: UInt16 = 0
                var rows: UInt16 = 0
                _ = unsafe reel_terminal_size(STDERR_FILENO, &columns, &rows)
                return TerminalSize(columns: Int(columns), rows: Int(rows))
            }
        )
    }

    /// What standard error can show.
    var style: TerminalStyle {
        var style = TerminalStyle(variables: environment.variables)
        if !complainsToTerminal { style.inColour = false }
        return style
    }

    /// Prints a line on standard output.
    func print(_ line: String) { output.write(line + "\n") }

    /// Prints a JSON object as a line.
    func print(_ object: JSONValue) { output.write(object.canonicalText + "\n") }

    /// Tells something that is no result, on standard error, at once.
    func tell(_ line: String) {
        errors.write(line + "\n")
        errors.flush()
    }

    /// Tells what went wrong, in the one form that all commands have.
    func fail(_ sentence: String) { tell("reel: \(sentence)") }
}
