// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// A command line that asks for something that can't be.
struct UsageError: Fault, Equatable {
    /// One sentence.
    let description: String
    var kind: FaultKind { .usage }

    init(_ description: String) { self.description = description }
}
