// SPDX-License-Identifier: Apache-2.0

/// Paths as Go's `path` package cleans and joins them, which digests depend on.
enum UnixPath {
    /// The shortest path that means the same; `.` for an empty one.
    static func clean(_ path: String) -> String {
        let isRooted = path.hasPrefix("/")
        var names: [Substring] = []
        for name in path.split(separator: "/") where name != "." {
            if name == "..", let last = names.last, last != ".." {
                names.removeLast()
            } else if name != ".." || !isRooted {
                names.append(name)
            }
        }
        let joined = names.joined(separator: "/")
        return isRooted ? "/" + joined : joined.isEmpty ? "." : joined
    }

    /// `path` below `folder`, cleaned.
    static func join(_ folder: String, _ path: String) -> String {
        let parts = [folder, path].filter { !$0.isEmpty }
        return parts.isEmpty ? "" : clean(parts.joined(separator: "/"))
    }

    /// `path` from `folder`, rooted; a trailing `/` or `/.` can be kept.
    static func absolute(_ path: String, in folder: String, keepingSlash: Bool) -> String {
        var cleaned = clean(path)
        if !cleaned.hasPrefix("/") { cleaned = join("/" + folder, cleaned) }
        guard keepingSlash else { return cleaned }
        if path.hasSuffix("/"), !cleaned.hasSuffix("/") { return cleaned + "/" }
        if path.hasSuffix("/.") { return cleaned + (cleaned == "/" ? "." : "/.") }
        return cleaned
    }
}
