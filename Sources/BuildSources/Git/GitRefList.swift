// SPDX-License-Identifier: Apache-2.0

/// What `git ls-remote` printed.
struct GitRefList: Equatable {
    /// The refs with their objects, in the order of the list.
    let refs: [(name: String, id: GitObjectID)]
    private let byName: [String: GitObjectID]

    /// Reads lines of hash, tab and name; a name that ends in `^{}` is what the annotated tag points to.
    init(_ output: [UInt8]) {
        var refs: [(String, GitObjectID)] = []
        for line in String(decoding: output, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 1)
            guard parts.count == 2, let id = GitObjectID(parts[0]) else { continue }
            refs.append((String(parts[1]), id))
        }
        self.refs = refs
        byName = Dictionary(refs) { first, _ in first }
    }

    /// The object that the ref itself has.
    subscript(name: String) -> GitObjectID? { byName[name] }

    /// The first of `names` that there is.
    func first(of names: [String]) -> String? { names.first { byName[$0] != nil } }

    /// What the ref stands for, an annotated tag peeled.
    func target(_ name: String) -> GitObjectID? { byName[name + "^{}"] ?? byName[name] }

    /// The names of the refs that stand for `id`.
    func names(of id: GitObjectID) -> [String] {
        refs.filter { $0.id == id && !$0.name.hasSuffix("^{}") || byName[$0.name + "^{}"] == id }.map(\.name)
            .filter { $0 != "HEAD" && !$0.hasSuffix("^{}") }
    }

    static func == (left: GitRefList, right: GitRefList) -> Bool {
        left.refs.elementsEqual(right.refs) { $0.name == $1.name && $0.id == $1.id }
    }
}
