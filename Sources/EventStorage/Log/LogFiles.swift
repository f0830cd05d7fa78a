// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Synchronization
import SystemPackage

/// Where the files of a log lie.
struct LogFiles: Sendable {
    let root: FilePath
    var log: FilePath { root.appending("log.sqlite") }
    var index: FilePath { root.appending("index.sqlite") }
    /// Held shared by whoever has the log open, alone by a rescue.
    var lock: FilePath { root.appending("locks").appending("log.lock") }
    /// Logs that a rescue put aside.
    var damaged: FilePath { root.appending("damaged") }

    /// Refuses to make a new log where a rescue was cut short.
    func checkNothingWasSetAside() throws {
        guard unsafe access(damaged.string, F_OK) == 0 else { return }
        throw EventLogError.damaged(
            path: log.string,
            reason: "it is gone, while a copy of a damaged log lies in \(damaged); move that back"
        )
    }
}

/// That this process uses the log: a lock that the kernel releases when the process dies.
final class LogUse: Sendable {
    private let descriptor: FileDescriptor

    private init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }

    deinit { try? descriptor.close() }

    /// Uses the log beside others; waits while a rescue goes on.
    static func shared(of files: LogFiles) throws -> LogUse { try take(files, LOCK_SH) }

    /// Uses the log alone.
    ///
    /// - Throws: `EventLogError.inUse` while anybody uses it.
    static func exclusive(of files: LogFiles) throws -> LogUse { try take(files, LOCK_EX | LOCK_NB) }

    private static func take(_ files: LogFiles, _ mode: Int32) throws -> LogUse {
        let folder = files.lock.removingLastComponent().string
        guard unsafe mkdir(folder, 0o755) == 0 || currentErrno() == EEXIST else {
            throw SystemCallError("mkdir", folder)
        }
        let file = try open(files.lock)
        while flock(file.rawValue, mode) != 0 {
            let code = currentErrno()
            if code == EINTR { continue }
            try? file.close()
            if code == EWOULDBLOCK { throw EventLogError.inUse(path: files.log.string) }
            throw SystemCallError("flock", files.lock.string, code: code)
        }
        return LogUse(file)
    }

    private static func open(_ path: FilePath) throws -> FileDescriptor {
        do {
            return try FileDescriptor.open(
                path,
                .readWrite,
                options: [.create, .closeOnExec],
                permissions: FilePermissions(rawValue: 0o644)
            )
        } catch let error as Errno { throw SystemCallError("open", path.string, code: error.rawValue) }
    }
}

/// Passes on a text to one who is known only later.
final class Bell: Sendable {
    private let listener = Mutex<(@Sendable (String) -> Void)?>(nil)

    func answer(_ listener: @escaping @Sendable (String) -> Void) { self.listener.withLock { $0 = listener } }

    func ring(_ text: String) { listener.withLock { $0 }?(text) }
}
