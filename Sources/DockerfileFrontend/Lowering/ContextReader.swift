// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB

/// A context as a vertex: planned when it is first read, complete when all that is read from it is known.
struct ContextReader {
    /// A planned local source.
    private struct Local {
        var vertex: Int
        var name: String
        var excludes: [String]
        /// Paths read from it; empty where everything is.
        var paths: Set<String> = []
        var needsAll = false
    }

    private var locals: [String: Local] = [:]

    /// Notes that `path` is read from the local source that `vertex` is, if it is one.
    mutating func note(_ path: String, of vertex: Int?) {
        guard let vertex, let key = locals.first(where: { $0.value.vertex == vertex })?.key else { return }
        let path = PathText.join("/", path)
        if path == "/" { locals[key]?.needsAll = true } else { locals[key]?.paths.insert(String(path.dropFirst())) }
    }

    /// The vertex of a local source.
    mutating func local(_ name: String, excludes: [String], display: String, plan: inout VertexPlan) -> Int {
        if let known = locals[name] { return known.vertex }
        let vertex = plan.add(
            .source(SourceOperation(identifier: "local://\(name)")),
            metadata: VertexMetadata(
                name: display,
                capabilities: [
                    "source.local", "source.local.followpaths", "source.local.excludepatterns",
                    "source.local.sharedkeyhint",
                ]
            )
        )
        locals[name] = Local(vertex: vertex, name: name, excludes: excludes)
        return vertex
    }

    /// Writes what is read into the local sources.
    func complete(_ plan: inout VertexPlan) {
        for local in locals.values {
            var attributes = [SourceAttribute.localSharedKeyHint: local.name]
            if !local.excludes.isEmpty { attributes[SourceAttribute.localExcludePatterns] = Self.json(local.excludes) }
            if !local.needsAll, !local.paths.isEmpty {
                attributes[SourceAttribute.localFollowPaths] = Self.json(
                    local.paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
                )
            }
            plan.replace(
                local.vertex,
                .source(SourceOperation(identifier: "local://\(local.name)", attributes: attributes))
            )
        }
    }

    /// A JSON array as Go writes it, with `<`, `>` and `&` escaped.
    static func json(_ texts: [String]) -> String {
        JSONValue(texts).canonicalText.reduce(into: "") { result, character in
            switch character {
            case "<": result += "\\u003c"
            case ">": result += "\\u003e"
            case "&": result += "\\u0026"
            default: result.append(character)
            }
        }
    }
}

extension GitReference {
    /// The source, as BuildKit's client makes it.
    ///
    /// Source: BuildKit, `client/llb/source.go`, `Git`.
    func source(keepsGitDirectory keeps: Bool, checksum wanted: String) -> (SourceOperation, capabilities: [String]) {
        var attributes = [
            SourceAttribute.gitFullURL: remote,
            SourceAttribute.gitAuthTokenSecret: "GIT_AUTH_TOKEN",
            SourceAttribute.gitAuthHeaderSecret: "GIT_AUTH_HEADER",
        ]
        var capabilities = ["source.git", "source.git.fullurl"]
        func set(_ name: String, _ value: String, _ capability: String) {
            attributes[name] = value
            capabilities.append(capability)
        }
        if keeps { set(SourceAttribute.gitKeepDirectory, "true", "source.git.keepgitdir") }
        if scheme == "ssh" { set(SourceAttribute.gitSSHSocket, "default", "source.git.mountsshsock") }
        if !wanted.isEmpty { set(SourceAttribute.gitChecksum, wanted, "source.git.checksum") }
        if submodules == false { set(SourceAttribute.gitSkipSubmodules, "true", "source.git.skipsubmodules") }
        if !modificationTime.isEmpty { set(SourceAttribute.gitModificationTime, modificationTime, "source.git.mtime") }
        if fetchesByCommit { set(SourceAttribute.gitFetchByCommit, "true", "source.git.fetchbycommit") }
        if fetchesLargeFiles { attributes[SourceAttribute.gitLargeFiles] = "true" }
        if keepsCollisions { attributes[SourceAttribute.gitCollisions] = "keep" }
        return (SourceOperation(identifier: "git://\(locator)", attributes: attributes), capabilities)
    }
}
