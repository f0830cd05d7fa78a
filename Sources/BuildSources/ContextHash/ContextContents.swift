// SPDX-License-Identifier: Apache-2.0

import BuildModel
public import Layers
import Glibc
public import SystemPackage

/// Where the contents of a context's files can be read.
public protocol ContextContents: Sendable {
    /// Calls `body` with all bytes of the regular file `path`, in order, in pieces of any size.
    func read(_ path: [UInt8], _ body: (Span<UInt8>) throws -> Void) throws
}

/// The contents of a context that is a directory.
public struct DirectoryContents: ContextContents {
    private let reading: FileReading

    /// Opens the directory at `root`.
    public init(root: FilePath) throws { reading = FileReading(root: try ContextRoot(opening: root)) }

    /// Reads the file, without following symbolic links.
    public func read(_ path: [UInt8], _ body: (Span<UInt8>) throws -> Void) throws {
        let (file, _) = try reading.open(path)
        if let failure = try file.chunks(body) { throw ContextWalk.error(failure, at: path) }
    }
}

/// The contents of a context that is stored as a layer.
public struct LayerContents: ContextContents {
    private let view: LayerView

    /// Reads from `view`, the view of the context's layer.
    public init(view: LayerView) { self.view = view }

    /// Reads the file from the layer's tar.
    public func read(_ path: [UInt8], _ body: (Span<UInt8>) throws -> Void) throws {
        guard let entry = try view.entry(at: path), entry.kind == .regular else {
            throw ContextError.vanished(ContextPath.text(path))
        }
        guard entry.size > 0 else { return }
        try view.withContent(of: entry) { descriptor, offset in
            var buffer = [UInt8](repeating: 0, count: Int(min(entry.size, 256 << 10)))
            var at: Int64 = 0
            while at < entry.size {
                let wanted = Int(min(Int64(buffer.count), entry.size - at))
                let got = unsafe pread(descriptor.rawValue, &buffer, wanted, off_t(offset + at))
                if got < 0, errno == EINTR { continue }
                guard got > 0 else {
                    throw ContextError.unreadable(path: ContextPath.text(path), reason: "its layer ends too early")
                }
                try body(buffer.span.extracting(first: got))
                at += Int64(got)
            }
        }
    }
}
