// SPDX-License-Identifier: Apache-2.0

/// Which stream of a step printed something.
public enum OutputStream: UInt8, Hashable, Sendable {
    /// Standard output.
    case standardOutput = 1
    /// Standard error.
    case standardError = 2
}

/// A piece of what a step printed, as it came.
public struct OutputChunk: Hashable, Sendable {
    /// Where it came from.
    public let stream: OutputStream
    /// Nanoseconds since the step started.
    public let offset: Int64
    /// The bytes, at least one; not necessarily valid UTF-8, nor whole lines.
    public let bytes: [UInt8]

    /// Makes one of its parts.
    public init(stream: OutputStream, offset: Int64, bytes: [UInt8]) {
        self.stream = stream
        self.offset = offset
        self.bytes = bytes
    }
}

/// How a step's process ended.
///
/// Every end is a result and no error.
public struct ContainerExit: Hashable, Sendable {
    /// The end of the first process.
    public enum Outcome: Hashable, Sendable {
        /// It ended by itself with this code, 0...255.
        case exited(Int32)
        /// A signal ended it.
        case signaled(Int32)
    }

    /// How it is known that memory ran out.
    public enum OutOfMemory: Hashable, Sendable {
        /// The step's own control group counted a kill.
        case counted
        /// The process was killed while the machine's count of such kills rose: likely, not certain.
        case likely
    }

    /// What the step used, all of its processes that were waited for together.
    public struct Usage: Hashable, Sendable {
        /// Microseconds in user mode.
        public var userTime: Int64 = 0
        /// Microseconds in the kernel.
        public var systemTime: Int64 = 0
        /// The largest resident set of one process, in bytes.
        public var peakMemory: Int64 = 0

        /// Nothing used.
        public init() {}
    }

    /// The end of the first process.
    public let outcome: Outcome
    /// Whether memory ran out, and how that is known; `nil` if it didn't.
    public let outOfMemory: OutOfMemory?
    /// What was used.
    public let usage: Usage

    /// Makes one of its parts.
    public init(outcome: Outcome, outOfMemory: OutOfMemory? = nil, usage: Usage = Usage()) {
        self.outcome = outcome
        self.outOfMemory = outOfMemory
        self.usage = usage
    }

    /// Whether it ended by itself with code 0.
    public var isSuccess: Bool { outcome == .exited(0) }

    /// The exit code; 128 plus its number for a signal, as shells say it.
    public var code: Int32 {
        switch outcome {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }

    /// The signal that ended it, if one did.
    public var signal: Int32? { if case .signaled(let signal) = outcome { signal } else { nil } }
}
