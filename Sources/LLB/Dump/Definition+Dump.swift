// SPDX-License-Identifier: Apache-2.0

public import BuildModel

extension Definition {
    /// One JSON object a line, with `Digest`, `Op` and `OpMetadata`, as `buildctl debug dump-llb` prints.
    ///
    /// Keys are in byte order. The last line is the vertex that names the result.
    public func dumpJSONLines() -> String {
        dumpedVertices().map { $0.canonicalText + "\n" }.joined()
    }

    /// The objects of `dumpJSONLines()`.
    public func dumpedVertices() -> [JSONValue] { [] }
}
