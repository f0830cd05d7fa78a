// SPDX-License-Identifier: Apache-2.0

/// What kind of trouble an error is, which decides the exit code of the program.
///
/// Every error that can reach a person conforms to `Fault`; `exitCode` is the one table.
public enum FaultKind: String, Sendable, CaseIterable {
    /// A build, step, source or export failed.
    case failed
    /// The request itself is wrong: a flag, a name, a Dockerfile that asks for what does not exist.
    case usage
    /// Two things that should be equal are not.
    case diverged
    /// Something that was recorded is no longer, or never was, stored here.
    case missing
    /// A secret that a step requires was not given.
    case secretMissing
    /// It can't be done without a network, and the network was ruled out.
    case needsNetwork
    /// The log or a blob does not have the bytes that it should.
    case corrupt
    /// `--expect-cached` met a step that had to run.
    case notCached
    /// The person asked to stop.
    case cancelled

    /// The exit code of the program, the same in every command.
    public var exitCode: Int32 {
        switch self {
        case .failed: 1
        case .usage: 2
        case .diverged: 8
        case .missing: 9
        case .secretMissing: 10
        case .needsNetwork: 11
        case .corrupt: 12
        case .notCached: 13
        case .cancelled: 130
        }
    }
}

/// An error with a kind; its description is one sentence that says what, where, and what to do.
public protocol Fault: Error, Sendable, CustomStringConvertible {
    /// What kind of trouble it is.
    var kind: FaultKind { get }
}

/// A system call that failed.
public struct SystemCallError: Fault, Equatable {
    /// The call, such as `openat2`.
    public let call: String
    /// What it was about, usually a path.
    public let subject: String
    /// The value of `errno`.
    public let code: Int32

    /// Makes one from the current `errno`.
    public init(_ call: String, _ subject: String, code: Int32 = currentErrno()) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    /// Always `.failed`.
    public var kind: FaultKind { .failed }

    /// One sentence: the subject, the call, and the system's words.
    public var description: String { "\(subject): \(call): \(errnoText(code))" }
}
