// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A command that does something: it calls the engine once, renders, and chooses an exit code.
protocol ReelCommand: ParsableCommand, Sendable {
    /// Whether it runs steps, mounts layers or touches files of mapped ids, and so needs namespaces of its own.
    static var entersNamespaces: Bool { get }

    /// Does it.
    ///
    /// - Returns: The exit code.
    /// - Throws: A `Fault`, whose one sentence is told to the person and whose kind gives the exit code.
    func perform(on console: Console) async throws -> Int32
}

extension ReelCommand {
    static var entersNamespaces: Bool { false }
}
