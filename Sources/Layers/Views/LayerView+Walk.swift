// SPDX-License-Identifier: Apache-2.0

/// What a walk does next.
public enum WalkStep: Sendable {
    /// Goes on, into the directory if it is one.
    case descend
    /// Goes on, but not into this directory.
    case skip
    /// Ends the walk.
    case stop
}

extension LayerView {
    /// A directory that a walk is in.
    private struct Frame {
        let children: [ViewEntry]
        var next = 0
        /// Directories that were visited and not yet entered: `a` comes before `a.b`, but `a/x` behind it.
        var unentered: [ViewEntry] = []
    }

    /// Visits `start` and everything below it, in byte order of the whole paths, which is `LayerWriter`'s order.
    ///
    /// It needs no stack of its own depth, however deep the tree is.
    public func walk(from start: ViewEntry, _ visit: (ViewEntry) throws -> WalkStep) throws {
        guard try visit(start) == .descend, start.kind == .directory else { return }
        var frames = [Frame(children: try children(of: start))]
        while let frame = frames.last {
            let next = frame.next < frame.children.count ? frame.children[frame.next] : nil
            let top = frames.count - 1
            if let directory = frame.unentered.last, next.map({ Self.contents(of: directory, precede: $0) }) ?? true {
                frames[top].unentered.removeLast()
                frames.append(Frame(children: try children(of: directory)))
            } else if let next {
                frames[top].next += 1
                switch try visit(next) {
                case .stop: return
                case .skip: break
                case .descend: if next.kind == .directory { frames[top].unentered.append(next) }
                }
            } else {
                frames.removeLast()
            }
        }
    }

    private static func contents(of directory: ViewEntry, precede sibling: ViewEntry) -> Bool {
        (directory.path + [UInt8(ascii: "/")]).lexicographicallyPrecedes(sibling.path)
    }
}
