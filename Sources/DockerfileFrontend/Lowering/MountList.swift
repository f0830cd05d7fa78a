// SPDX-License-Identifier: Apache-2.0

import LLB

/// The mounts of a step under construction.
///
/// Source: BuildKit, `client/llb/exec.go`: mounts of trees stand by destination, then secrets, then agents' sockets.
struct MountList {
    private var trees: [(mount: ExecMount, tree: Int?)] = []
    private var files: [ExecMount] = []
    private(set) var sockets: [ExecMount] = []
    /// Variables whose values are secrets.
    private(set) var variables: [SecretVariable] = []

    /// Starts with the root.
    init(root: Int?) {
        trees = [(ExecMount(input: nil, destination: "/", output: 0), root)]
    }

    mutating func add(_ mount: ExecMount, tree: Int?) { trees.append((mount, tree)) }
    mutating func add(variable: SecretVariable) { variables.append(variable) }

    /// Adds a secret's file or an agent's socket.
    mutating func add(_ mount: ExecMount) {
        if case .ssh = mount.kind {
            var mount = mount
            if mount.destination.isEmpty { mount.destination = "/run/buildkit/ssh_agent.\(sockets.count)" }
            sockets.append(mount)
        } else {
            files.append(mount)
        }
    }

    private var ordered: [(mount: ExecMount, tree: Int?)] {
        trees.enumerated().sorted {
            if $0.element.mount.destination == $1.element.mount.destination { return $0.offset < $1.offset }
            return $0.element.mount.destination.utf8.lexicographicallyPrecedes($1.element.mount.destination.utf8)
        }.map(\.element)
    }

    /// The trees, each once, in the order of the mounts.
    var inputs: [Int] {
        ordered.compactMap(\.tree).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The mounts as the operation has them.
    var sorted: [ExecMount] {
        let inputs = inputs
        let bound = ordered.map { mount, tree in
            var mount = mount
            mount.input = tree.flatMap { inputs.firstIndex(of: $0) }
            return mount
        }
        return bound + files + sockets
    }
}
