// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The calling thread's `errno`; read it before any other call.
public func currentErrno() -> Int32 { errno }

/// The system's words for an errno value, such as "No such file or directory".
public func errnoText(_ code: Int32) -> String {
    unsafe String(cString: strerror(code))
}
