// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
public import Layers
import OCIModel
public import SystemPackage

/// Brings layers of remote images into the store: decompressed, hashed and indexed while they arrive.
public struct RemoteLayerImport: Sendable {
    private let layers: LayerStore
    private let folder: FilePath
    private let limits: ImportLimits

    /// Makes one.
    ///
    /// - Parameters:
    ///   - folder: Keeps what arrived of layers that are not complete; made where it is missing.
    ///   - limits: What a layer may be when it is uncompressed.
    public init(layers: LayerStore, folder: FilePath, limits: ImportLimits = .default) {
        self.layers = layers
        self.folder = folder
        self.limits = limits
    }

    /// Brings one layer; for one caller at a time.
    ///
    /// - Returns: How many bytes were read from the place.
    /// - Throws: What `origin` throws, and `ImageImportError.malformed` for a layer that is refused, with the reason.
    public func bring(_ layer: RemoteImage.Layer, from origin: any ImageOrigin) async throws -> (
        fetched: Int64, kept: Int64
    ) {
        guard unsafe mkdir(folder.string, 0o700) == 0 || currentErrno() == EEXIST else {
            throw SystemCallError("mkdir", folder.string)
        }
        let pipe = try LayerPipe()
        let (layers, limits) = (layers, limits)
        async let stored = Offload.run { () throws -> CommittedLayer in
            defer { pipe.closeReader() }
            return try layers.importLayer(from: pipe.reader, expecting: layer.diffID, limits: limits)
        }
        let kept: Int64
        do {
            defer { pipe.closeWriter() }
            let partial = folder.appending(layer.blob.digest.hex)
            kept = try await origin.copy(layer.blob, keeping: partial) { try pipe.write($0) }
        } catch LayerPipe.Refused.byReader {
            // The importer refused what it saw; its reason is the one that counts.
            kept = 0
        } catch {
            _ = try? await stored
            throw error
        }
        do { _ = try await stored } catch let error as LayerError {
            _ = unsafe unlink(folder.appending(layer.blob.digest.hex).string)
            throw ImageImportError.malformed(path: origin.subject, reason: "layer \(layer.blob.digest): \(error)")
        }
        return (layer.blob.size - kept, kept)
    }
}

/// A pipe whose ends are closed once each.
private final class LayerPipe: Sendable {
    /// Why nothing can be written.
    enum Refused: Error { case byReader }

    let reader: FileDescriptor
    private let writer: FileDescriptor

    init() throws {
        var ends: [Int32] = [-1, -1]
        // A socket and not a pipe, since a write to a pipe that nobody reads would send a signal.
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0, &ends) == 0 else {
            throw SystemCallError("socketpair", "the stream of a layer")
        }
        (reader, writer) = (FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1]))
    }

    func write(_ bytes: [UInt8]) throws {
        try unsafe bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let rest = unsafe bytes.baseAddress?.advanced(by: done)
                let sent = unsafe send(writer.rawValue, rest, bytes.count - done, Int32(MSG_NOSIGNAL))
                if sent < 0 {
                    if currentErrno() == EINTR { continue }
                    if currentErrno() == EPIPE { throw Refused.byReader }
                    throw SystemCallError("send", "the stream of a layer")
                }
                done += sent
            }
        }
    }

    func closeReader() { try? reader.close() }
    func closeWriter() { try? writer.close() }
}
