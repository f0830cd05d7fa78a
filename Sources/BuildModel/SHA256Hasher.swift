// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// An incremental SHA-256, computed by libcrypto with the processor's SHA instructions where it has them.
///
/// Owns one `EVP_MD_CTX`. Not `Sendable`: one hash is fed from one place at a time.
@safe public struct SHA256Hasher: ~Copyable {
    private let context: OpaquePointer

    /// Starts an empty hash.
    public init() {
        Libcrypto.start()
        guard let made = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(made, EVP_sha256(), nil) == 1 else {
            preconditionFailure("libcrypto offers no SHA-256")
        }
        unsafe context = made
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    private init(owning context: OpaquePointer) { unsafe self.context = context }

    /// A second hash that has been fed the same bytes, so that one of them can go back to this point.
    public borrowing func copy() -> SHA256Hasher {
        guard let copy = unsafe EVP_MD_CTX_new(), unsafe EVP_MD_CTX_copy_ex(copy, context) == 1 else {
            preconditionFailure("EVP_MD_CTX_copy_ex failed")
        }
        return unsafe SHA256Hasher(owning: copy)
    }

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

    /// The digest of all that was fed so far, which leaves the hash as it is, so that feeding can go on.
    public borrowing func digest() -> ContentDigest {
        guard let copy = unsafe EVP_MD_CTX_new(), unsafe EVP_MD_CTX_copy_ex(copy, context) == 1 else {
            preconditionFailure("EVP_MD_CTX_copy_ex failed")
        }
        defer { unsafe EVP_MD_CTX_free(copy) }
        var out = [UInt8](repeating: 0, count: 32)
        guard unsafe EVP_DigestFinal_ex(copy, &out, nil) == 1, let digest = try? ContentDigest(bytes: out) else {
            preconditionFailure("EVP_DigestFinal_ex failed")
        }
        return digest
    }
}

extension ContentDigest {
    /// The digest of `bytes`.
    public init(of bytes: [UInt8]) {
        Libcrypto.start()
        var out = [UInt8](repeating: 0, count: 32)
        guard unsafe EVP_Digest(bytes, bytes.count, &out, nil, EVP_sha256(), nil) == 1,
            let digest = try? ContentDigest(bytes: out)
        else { preconditionFailure("libcrypto offers no SHA-256") }
        self = digest
    }

    /// The digest of the UTF-8 of `text`.
    public init(of text: String) { self.init(of: Array(text.utf8)) }
}

/// The library behind the hashes.
private enum Libcrypto {
    /// Starts it once, without the clean-up at the end of the process: a thread that still hashes then would lose it.
    static func start() { _ = started }

    // By option of OpenSSL's OPENSSL_init_crypto(3); what it allocates goes with the process.
    private static let started = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
}
