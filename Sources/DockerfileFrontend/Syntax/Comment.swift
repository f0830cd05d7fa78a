// SPDX-License-Identifier: Apache-2.0

/// A comment line right before an instruction, or within its continuation.
struct Comment: Hashable, Sendable {
    /// Without the `#` and white space around.
    var text: String
    /// Its line, from 1.
    var line: Int
}
