// SPDX-License-Identifier: Apache-2.0

import CLinux
import Dispatch
import Glibc

/// The signals by which a person ends the program.
enum Signals {
    /// Calls `handle` on a thread of its own for each SIGINT and SIGTERM, with the signal and how many came so far.
    ///
    /// SIGPIPE passes without effect from now on; writing to a closed pipe fails instead. Programs that are started have
    /// all of them at their defaults. To be called once.
    static func watch(_ handle: @escaping @Sendable (_ signal: Int32, _ times: Int) -> Void) {
        _ = reel_swallow(SIGPIPE)
        let numbers = [SIGINT, SIGTERM]
        let pipe = unsafe reel_watch_signals(numbers, Int32(numbers.count))
        guard pipe >= 0 else { return }
        DispatchQueue(label: "reel.signals").async {
            var byte: UInt8 = 0
            var times = 0
            while unsafe read(pipe, &byte, 1) == 1 {
                times += 1
                handle(Int32(byte), times)
            }
        }
    }
}
