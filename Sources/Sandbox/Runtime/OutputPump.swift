// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

extension FileDescriptor {
    /// A pipe that no program started from here inherits: the end to read, and the end to write.
    static func reelPipe() throws -> (read: FileDescriptor, write: FileDescriptor) {
        var ends: [Int32] = [0, 0]
        let code = unsafe ends.withUnsafeMutableBufferPointer { unsafe CLinux.pipe2($0.baseAddress, O_CLOEXEC) }
        guard code == 0 else { throw SystemCallError("pipe2", "a pipe") }
        return (FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1]))
    }
}

extension Supervision {
    /// Hands on what comes out of both pipes until they end and the report is there.
    ///
    /// - Returns: The report; `nil` when its pipe ended without one.
    func pump(_ output: FileDescriptor, _ error: FileDescriptor, report: FileDescriptor) -> reel_outcome? {
        let start = clock.now().nanoseconds
        var polled = [output, error, report].map { pollfd(fd: $0.rawValue, events: Int16(POLLIN), revents: 0) }
        var outcome: reel_outcome?
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while polled.contains(where: { $0.fd >= 0 }) {
            // Once the report is there every process is dead: what the pipes still hold comes at once, or never.
            let timeout: Int32 = polled[2].fd < 0 ? 200 : -1
            let count = unsafe polled.withUnsafeMutableBufferPointer {
                unsafe poll($0.baseAddress, UInt($0.count), timeout)
            }
            if count < 0 && currentErrno() == EINTR { continue }
            guard count > 0 else { break }
            for (index, stream) in [OutputStream.standardOutput, .standardError].enumerated()
            where polled[index].revents != 0 {
                let count = Self.read(polled[index].fd, &buffer)
                guard count > 0 else {
                    polled[index].fd = -1
                    continue
                }
                let offset = max(0, clock.now().nanoseconds - start)
                self.output(OutputChunk(stream: stream, offset: offset, bytes: Array(buffer.prefix(count))))
            }
            if polled[2].revents != 0 {
                outcome = Self.readReport(polled[2].fd)
                polled[2].fd = -1
            }
        }
        return outcome
    }

    private static func read(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count >= 0 || currentErrno() != EINTR { return count }
        }
    }

    private static func readReport(_ descriptor: Int32) -> reel_outcome? {
        var outcome = reel_outcome()
        let size = MemoryLayout<reel_outcome>.size
        let count = unsafe withUnsafeMutableBytes(of: &outcome) { unsafe Glibc.read(descriptor, $0.baseAddress, size) }
        return count == size ? outcome : nil
    }
}
