// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
public import SystemPackage

extension FilePath {
    /// Makes the directory at this path, which reel alone uses, with its parents; one that is there is fine.
    ///
    /// - Throws: `SystemCallError`.
    public func makeFolder(mode: UInt32 = 0o700) throws {
        if unsafe mkdir(string, mode) == 0 || currentErrno() == EEXIST { return }
        guard currentErrno() == ENOENT, !removingLastComponent().isEmpty else {
            throw SystemCallError("mkdir", string)
        }
        try removingLastComponent().makeFolder(mode: mode)
        guard unsafe mkdir(string, mode) == 0 || currentErrno() == EEXIST else {
            throw SystemCallError("mkdir", string)
        }
    }
}
