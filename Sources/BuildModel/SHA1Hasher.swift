// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// An incremental SHA-1, for git's object names and nothing else.
///
/// Owns one `EVP_MD_CTX`. Not `Sendable`: one hash is fed from one place at a time.
@safe public struct SHA1Hasher: ~Copyable {
    private let context: OpaquePointer

    /// Starts an empty hash.
    public init() {
        guard let made = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(made, EVP_sha1(), nil) == 1 else {
            preconditionFailure("libcrypto offers no SHA-1")
        }
        unsafe context = made
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Feeds raw memory.
    public mutating func update(_ buffer: UnsafeRawBufferPointer) {
        guard unsafe EVP_DigestUpdate(context, buffer.baseAddress, buffer.count) == 1 else {
            preconditionFailure("EVP_DigestUpdate failed")
        }
    }

    /// Feeds an array.
    public mutating func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// The 20 bytes of the digest of all that was fed; the hash is of no use afterwards.
    public consuming func finish() -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 20)
        guard unsafe EVP_DigestFinal_ex(context, &out, nil) == 1 else {
            preconditionFailure("EVP_DigestFinal_ex failed")
        }
        return out
    }
}
