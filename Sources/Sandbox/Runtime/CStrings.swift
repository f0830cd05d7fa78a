// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Arrays of C strings that end in a null pointer, as `execve` wants them.
enum CStrings {
    /// Calls `body` with the array, which is valid as long as the call lasts.
    static func with<Value>(
        _ texts: [String],
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) throws -> Value
    ) rethrows -> Value {
        let array = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: texts.count + 1)
        for (index, text) in texts.enumerated() { unsafe array[index] = unsafe strdup(text) }
        unsafe array[texts.count] = nil
        defer {
            for index in texts.indices { unsafe free(array[index]) }
            unsafe array.deallocate()
        }
        return try unsafe body(array)
    }
}
