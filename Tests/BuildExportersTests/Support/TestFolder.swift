// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage
import Testing

/// A folder below `/tmp` that is removed with everything in it when the test lets go of it.
final class TestFolder: Sendable {
    let path: FilePath

    init() throws {
        var template = Array("/tmp/reel-test-XXXXXX".utf8CString)
        let made = unsafe mkdtemp(&template)
        try #require(unsafe made != nil)
        path = FilePath(String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    deinit {
        let path = path.string
        let removal = Thread.run { unsafe system("chmod -R u+rwx '\(path)' 2>/dev/null; rm -rf '\(path)'") }
        precondition(removal == 0, "a test left something at \(path)")
    }

    /// A path below the folder.
    func callAsFunction(_ name: String) -> FilePath { path.pushing(FilePath(name)) }

    /// A path below the folder, as text.
    func text(_ name: String) -> String { self(name).string }
}

/// Somewhere to put a blocking call.
enum Thread {
    static func run<Value>(_ body: () -> Value) -> Value { body() }
}
