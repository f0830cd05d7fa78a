// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Synchronization

/// Where a command writes, with a buffer.
///
/// A reader that goes away is no error of the command: what is written later is dropped, and `isClosed` says so.
final class OutputSink: Sendable {
    private struct State {
        var buffer: [UInt8] = []
        var isClosed = false
        var captured: [UInt8]?
    }

    private let state: Mutex<State>
    private let descriptor: Int32

    /// Makes a sink that writes to an open file.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        state = Mutex(State())
    }

    /// Makes a sink that keeps everything.
    init() {
        descriptor = -1
        state = Mutex(State(captured: []))
    }

    /// What a keeping sink got, as text.
    var captured: String { state.withLock { String(decoding: $0.captured ?? [], as: UTF8.self) } }

    /// Whether nobody reads any more.
    var isClosed: Bool { state.withLock(\.isClosed) }

    /// Adds text; it is written when enough has come together, or by `flush()`.
    func write(_ text: String) {
        state.withLock { state in
            state.buffer.append(contentsOf: text.utf8)
            if state.buffer.count >= 1 << 16 { drain(&state) }
        }
    }

    /// Adds bytes.
    func write(bytes: [UInt8]) {
        state.withLock { state in
            state.buffer.append(contentsOf: bytes)
            if state.buffer.count >= 1 << 16 { drain(&state) }
        }
    }

    /// Writes what is in the buffer.
    func flush() { state.withLock { drain(&$0) } }

    private func drain(_ state: inout State) {
        defer { state.buffer.removeAll(keepingCapacity: true) }
        guard state.captured == nil else {
            state.captured?.append(contentsOf: state.buffer)
            return
        }
        var start = 0
        while start < state.buffer.count, !state.isClosed {
            let count = unsafe state.buffer.withUnsafeBytes { bytes in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[start...])
                return unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            if count >= 0 {
                start += count
            } else if errno != EINTR, errno != EAGAIN {
                state.isClosed = true
            }
        }
    }
}
