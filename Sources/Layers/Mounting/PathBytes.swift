// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Paths as bytes, as the kernel knows them.
enum PathBytes {
    static let slash = UInt8(ascii: "/")

    /// The components of a path: no empty ones, no `.`; `..` stays.
    static func components(_ path: some Sequence<UInt8>) -> [[UInt8]] {
        Array(path).split(separator: slash).filter { $0.count != 1 || $0.first != UInt8(ascii: ".") }.map(Array.init)
    }

    /// `name` below `folder`; the empty folder is the root.
    static func join(_ folder: [UInt8], _ name: [UInt8]) -> [UInt8] {
        folder.isEmpty ? name : folder + [slash] + name
    }

    /// For messages.
    static func text(_ path: some Sequence<UInt8>) -> String { String(decoding: Array(path), as: UTF8.self) }

    /// Calls `body` with the bytes as a C string; bytes after a NUL don't count.
    static func withC<Value>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) throws -> Value) rethrows -> Value {
        let terminated = bytes + [0]
        return try unsafe terminated.withUnsafeBytes { raw in
            // An array with at least one element has a base address.
            let base = unsafe raw.assumingMemoryBound(to: CChar.self).baseAddress
            guard let base = unsafe base else { preconditionFailure("an array that is not empty has an address") }
            return try unsafe body(base)
        }
    }
}
