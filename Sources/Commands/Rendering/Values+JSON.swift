// SPDX-License-Identifier: Apache-2.0

import BuildModel

extension JSONValue {
    /// A digest in its full spelling; `null` for none.
    init(_ digest: ContentDigest?) { self = digest.map { .string($0.description) } ?? .null }

    /// Digests in their full spelling.
    init(_ digests: [ContentDigest]) { self = .array(digests.map { .string($0.description) }) }

    /// A text; `null` for none.
    init(_ text: String?) { self = text.map(JSONValue.string) ?? .null }

    /// A whole number.
    init(_ number: Int) { self = .integer(Int64(number)) }

    /// A moment in RFC 3339.
    init(_ moment: Timestamp) { self = .string(moment.rfc3339) }
}
