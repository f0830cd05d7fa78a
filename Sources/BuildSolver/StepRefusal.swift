// SPDX-License-Identifier: Apache-2.0

/// What a port throws when it is the step itself that can't be done, rather than the machine that fails: the step fails.
public struct StepRefusal: Error, Equatable {
    /// Why, as people read it.
    public let message: String

    /// Makes one.
    public init(_ message: String) { self.message = message }
}
