// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// Signatures by libcrypto.
///
/// Source: RFC 8032, section 5.1 (Ed25519: 32-byte seeds and public keys, 64-byte signatures).
public enum Ed25519 {
    /// The public key of a seed of 32 bytes; `nil` for another length.
    public static func publicKey(seed: [UInt8]) -> [UInt8]? {
        guard seed.count == 32, let key = unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, 32) else {
            return nil
        }
        defer { unsafe EVP_PKEY_free(key) }
        var out = [UInt8](repeating: 0, count: 32)
        var length = 32
        guard unsafe EVP_PKEY_get_raw_public_key(key, &out, &length) == 1, length == 32 else { return nil }
        return out
    }

    /// The signature of `message` under a seed of 32 bytes; `nil` for another length. Deterministic.
    public static func signature(of message: [UInt8], seed: [UInt8]) -> [UInt8]? {
        guard seed.count == 32, let key = unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, 32) else {
            return nil
        }
        defer { unsafe EVP_PKEY_free(key) }
        guard let context = unsafe EVP_MD_CTX_new() else { return nil }
        defer { unsafe EVP_MD_CTX_free(context) }
        var out = [UInt8](repeating: 0, count: 64)
        var length = 64
        guard unsafe EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
            unsafe EVP_DigestSign(context, &out, &length, message, message.count) == 1, length == 64
        else { return nil }
        return out
    }

    /// Whether `signature` is one of `message` under `publicKey`.
    public static func isValid(_ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard publicKey.count == 32, signature.count == 64,
            let key = unsafe EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, 32)
        else { return false }
        defer { unsafe EVP_PKEY_free(key) }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        return unsafe EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, 64, message, message.count) == 1
    }
}
