// SPDX-License-Identifier: Apache-2.0

public import BuildModel

extension Dockerfile {
    /// The syntax tree in the stable form of `Docs/dockerfile.md`.
    public var json: JSONValue { .null }
}
