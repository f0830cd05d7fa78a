// SPDX-License-Identifier: Apache-2.0

/// Paths as text, with the rules that BuildKit has for the paths of instructions.
///
/// Source: Go, `path.Clean` and `path.Join`; BuildKit, `util/system/path.go` and `client/llb/fileop.go`.
enum PathText {
    /// The shortest spelling: no `//`, `.`, or `..` that can be resolved; `.` for nothing.
    static func clean(_ path: String) -> String {
        let isAbsolute = path.utf8.first == UInt8(ascii: "/")
        var parts: [Substring.UTF8View] = []
        for part in path.utf8.split(separator: UInt8(ascii: "/")) {
            if part.elementsEqual(".".utf8) { continue }
            if part.elementsEqual("..".utf8) {
                if let last = parts.last, !last.elementsEqual("..".utf8) {
                    parts.removeLast()
                } else if !isAbsolute {
                    parts.append(part)
                }
                continue
            }
            parts.append(part)
        }
        let joined = parts.map { String(Substring($0)) }.joined(separator: "/")
        if isAbsolute { return "/" + joined }
        return joined.isEmpty ? "." : joined
    }

    /// The parts that are not empty, joined and cleaned.
    static func join(_ parts: String...) -> String {
        let kept = parts.filter { !$0.isEmpty }
        return kept.isEmpty ? "" : clean(kept.joined(separator: "/"))
    }

    /// The last part of a path.
    static func base(_ path: String) -> String {
        let cleaned = clean(path)
        return cleaned == "/" ? "/" : String(cleaned.split(separator: "/").last ?? ".")
    }

    static func isAbsolute(_ path: String) -> Bool { path.utf8.first == UInt8(ascii: "/") }

    /// A destination: absolute, below `directory` if it is relative; `/` or `/.` at its end stays, as it has a meaning.
    static func destination(_ path: String, in directory: String) -> String {
        let path = path.isEmpty || path == "." ? "./" : path
        var result = isAbsolute(path) ? clean(path) : join("/", directory, path)
        if path.hasSuffix("/") {
            if !result.hasSuffix("/") { result += "/" }
        } else if path.hasSuffix("/.") {
            result += result == "/" ? "." : "/."
        }
        return result
    }

    /// A source within a root: absolute.
    static func source(_ path: String) -> String { isAbsolute(path) ? clean(path) : join("/", path) }

    /// A working directory, below the current one if it is relative.
    static func workingDirectory(_ path: String, in directory: String) -> String {
        if path.isEmpty { return directory.isEmpty ? "/" : directory }
        return isAbsolute(path) ? path : join("/", directory, path)
    }

    /// Whether a source is a pattern.
    static func hasWildcard(_ path: String) -> Bool {
        var escaped = false
        for byte in path.utf8 {
            if escaped {
                escaped = false
            } else if byte == UInt8(ascii: "\\") {
                escaped = true
            } else if "*?[".utf8.contains(byte) {
                return true
            }
        }
        return false
    }
}
