// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import EventStorage

extension StoreOptions {
    /// Opens the log to read it; `nil` where nothing was ever built, for commands that then have nothing to list.
    func logIfAny(for console: Console) throws -> EventLog? {
        do {
            return try log(for: console)
        } catch EventLogError.absent {
            return nil
        }
    }

    /// Opens the log to read it, and makes nothing.
    ///
    /// - Throws: `EventLogError.absent` where nothing was ever built.
    func log(for console: Console) throws -> EventLog {
        try EventLog.open(root: path(in: console), clock: console.environment.clock, creating: false)
    }
}
