// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Dispatch
import Glibc
import Synchronization
import SystemPackage

extension FileRange {
    /// Calls `body` with a descriptor that gives exactly these bytes and then ends.
    ///
    /// A whole file is given as it is. A part is fed through a socket by a thread that lives as long as the call.
    func withStream<Value>(_ body: (FileDescriptor) throws -> Value) throws -> Value {
        if offset == 0, file.status.map({ Int64($0.st_size) }) == length {
            guard lseek(file.descriptor.rawValue, 0, SEEK_SET) == 0 else { throw SystemCallError("lseek", file.name) }
            return try body(file.descriptor)
        }
        var ends: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0, &ends) == 0 else {
            throw SystemCallError("socketpair", file.name)
        }
        let (reader, writer) = (FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1]))
        let failure = Mutex<(any Error)?>(nil)
        let group = DispatchGroup()
        DispatchQueue.global().async(group: group) {
            do { try feed(into: writer) } catch { failure.withLock { $0 = error } }
            try? writer.close()
        }
        let result = Result { try body(reader) }
        try? reader.close()  // ends the thread, if it is still writing
        group.wait()
        if case .success = result, let error = failure.withLock({ $0 }) { throw error }
        return try result.get()
    }

    private func feed(into writer: FileDescriptor) throws {
        try unsafe forEachPiece { piece in
            var done = 0
            while done < piece.count {
                let sent = unsafe send(
                    writer.rawValue,
                    piece.baseAddress?.advanced(by: done),
                    piece.count - done,
                    Int32(MSG_NOSIGNAL)
                )
                if sent < 0 {
                    if currentErrno() == EINTR { continue }
                    throw SystemCallError("send", file.name)
                }
                done += sent
            }
        }
    }
}
