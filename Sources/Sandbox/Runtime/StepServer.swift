// SPDX-License-Identifier: Apache-2.0

import CLinux

/// The small process that starts the supervisors of steps; `NamespaceEntry.enter()` makes it.
public enum StepServer {
    /// Ends it and waits for it, so that nothing of this process is seen once it has ended.
    ///
    /// The last call of a program: a step that still runs is killed with the process, a second later. Without it the
    /// server ends by itself a moment after the process.
    public static func end() { reel_end_step_server() }
}
