// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import OCIModel

/// The exporters there are.
public enum ExporterType: String, Sendable, CaseIterable {
    /// An OCI image layout, as a tar file or a directory.
    case oci
    /// A tar for `docker load`.
    case docker
    /// The root file system as one tar.
    case tar
    /// The files of the root file system in a directory.
    case local
    /// An image in reel's own store.
    case image
    /// An image in containerd's store.
    case containerd
    /// A push to a registry.
    case registry

    /// Whether it writes an image, with names, compression and annotations, rather than files.
    public var writesImage: Bool { self != .tar && self != .local }

    /// Whether it writes to a path or to standard output.
    public var writesToDestination: Bool {
        switch self {
        case .oci, .docker, .tar, .local: true
        case .image, .containerd, .registry: false
        }
    }
}

/// How layers are compressed.
///
/// A level can be asked for and is kept here; layers are compressed at one level all the same, and `ExportResult.notes`
/// says so.
public enum ExportCompression: Hashable, Sendable {
    /// The tar as it is.
    case uncompressed
    /// gzip, level 1 to 22 if one was asked for.
    case gzip(level: Int?)
    /// zstd, level 1 to 22 if one was asked for.
    case zstd(level: Int?)

    /// The level that was asked for.
    var level: Int? {
        switch self {
        case .uncompressed: nil
        case .gzip(let level), .zstd(let level): level
        }
    }
}

/// Where an export goes.
public enum ExportDestination: Hashable, Sendable {
    /// Standard output: `dest=-`.
    case standardOutput
    /// A file or directory, as it was written.
    case path(String)
}

/// A checked `--output`.
public struct ExportOptions: Hashable, Sendable {
    /// The exporter.
    public var type: ExporterType
    /// The names of the image, in their order.
    public var names: [ImageReference] = []
    /// Where it goes; `nil` where the exporter has a place of its own.
    public var destination: ExportDestination?
    /// How layers are compressed.
    public var compression: ExportCompression = .gzip(level: nil)
    /// Accepted as BuildKit does; reel always compresses as asked, since it stores layers uncompressed.
    public var forceCompression = false
    /// Whether OCI's media types are used rather than Docker's.
    public var ociMediaTypes = true
    /// Annotations.
    public var annotations = ExportAnnotations()
    /// Whether `oci` and `docker` write a tar rather than a directory.
    public var tar = true
    /// Whether times in layers that are later than the epoch become the epoch.
    public var rewriteTimestamp = false
    /// Whether `local` and `tar` put each platform into a folder of its own; `nil`: where there are several.
    public var platformSplit: Bool?
    /// Whether `image` is pushed, too.
    public var push = false
    /// Whether a push leaves out the tag, so that only the digest names it.
    public var pushByDigest = false
    /// Whether a registry may be spoken to without TLS.
    public var insecureRegistry = false
    /// Whether containerd unpacks the layers, too.
    public var unpack = false
    /// containerd's namespace; `nil` for its default.
    public var namespace: String?
    /// containerd's socket; `nil` for its default.
    public var address: String?

    /// The options of an exporter where nothing else is said.
    public init(type: ExporterType) {
        self.type = type
        if type == .image { compression = .uncompressed }
    }

    /// Checks a written `--output`.
    ///
    /// - Parameters:
    ///   - specification: What was written.
    ///   - defaultNames: Names from `--tag`, used where `name` is not given.
    ///   - host: What completes a platform that is named by half.
    /// - Throws: `ExportError.usage` for an unknown type, key or value, a missing destination, or keys that contradict.
    public init(
        _ specification: ExportSpecification,
        defaultNames: [ImageReference] = [],
        host: Platform = .compiled
    ) throws(ExportError) {
        guard let type = ExporterType(rawValue: specification.type) else {
            let known = ExporterType.allCases.map(\.rawValue).joined(separator: ", ")
            throw .usage("there is no exporter '\(specification.type)'; there are \(known)")
        }
        self.init(type: type)
        var reader = AttributeReader(specification)
        try readImage(&reader, host: host)
        try readPlace(&reader)
        if let unknown = reader.remaining.first {
            throw .usage("the \(type.rawValue) exporter has no option '\(unknown)'")
        }
        if names.isEmpty { names = defaultNames }
        try check()
    }

    private mutating func readImage(_ reader: inout AttributeReader, host: Platform) throws(ExportError) {
        guard type.writesImage else { return }
        if let text = reader.take("name"), !text.isEmpty {
            for name in text.split(separator: ",") {
                do { names.append(try ImageReference(parsing: String(name))) } catch {
                    throw .usage("\(error)")
                }
            }
        }
        let level = try reader.takeInteger("compression-level")
        switch reader.take("compression") {
        case nil: if let level { compression = .gzip(level: level) }
        case "uncompressed": compression = .uncompressed
        case "gzip": compression = .gzip(level: level)
        case "zstd": compression = .zstd(level: level)
        case .some(let other): throw .usage("compression=\(other) is none of uncompressed, gzip, zstd")
        }
        if let level, !(1...22).contains(level) { throw .usage("compression-level=\(level) is not between 1 and 22") }
        forceCompression = try reader.takeFlag("force-compression") ?? forceCompression
        ociMediaTypes = try reader.takeFlag("oci-mediatypes") ?? true
        rewriteTimestamp = try reader.takeFlag("rewrite-timestamp") ?? false
        for key in reader.remaining {
            guard let value = reader.value(key) else { continue }
            if try annotations.add(attribute: key, value: value, host: host) { _ = reader.take(key) }
        }
    }

    private mutating func readPlace(_ reader: inout AttributeReader) throws(ExportError) {
        switch type {
        case .oci, .docker: tar = try reader.takeFlag("tar") ?? true
        case .tar, .local: platformSplit = try reader.takeFlag("platform-split")
        case .image, .registry:
            push = try reader.takeFlag("push") ?? (type == .registry)
            pushByDigest = try reader.takeFlag("push-by-digest") ?? false
            insecureRegistry = try reader.takeFlag("registry.insecure") ?? false
            _ = try reader.takeFlag("store")
            _ = try reader.takeFlag("unpack")
        case .containerd:
            namespace = reader.take("namespace")
            address = reader.take("address")
            unpack = try reader.takeFlag("unpack") ?? false
        }
        guard type.writesToDestination else { return }
        switch reader.take("dest") ?? reader.take("output") {
        case nil, "": break
        case "-": destination = .standardOutput
        case .some(let path): destination = .path(path)
        }
    }

    private func check() throws(ExportError) {
        if type.writesToDestination, destination == nil { throw .usage("type=\(type.rawValue) needs dest=…") }
        if destination == .standardOutput, type == .local || !tar {
            throw .usage("type=\(type.rawValue) writes a directory, which can't go to standard output")
        }
        if type == .image || type == .containerd || type == .registry, names.isEmpty {
            throw .usage("type=\(type.rawValue) needs a name (name=… or --tag)")
        }
        if case .zstd = compression, !ociMediaTypes {
            throw .usage("compression=zstd needs OCI's media types, and oci-mediatypes=false rules them out")
        }
        if annotations.needsOCITypes, !ociMediaTypes {
            throw .usage("annotations of an index or a descriptor need OCI's media types")
        }
    }
}

/// Hands out attributes, each once.
private struct AttributeReader {
    private var attributes: [String: String]

    init(_ specification: ExportSpecification) { attributes = specification.attributes }

    var remaining: [String] { attributes.keys.sorted() }

    func value(_ key: String) -> String? { attributes[key] }

    mutating func take(_ key: String) -> String? { attributes.removeValue(forKey: key) }

    mutating func takeFlag(_ key: String) throws(ExportError) -> Bool? {
        guard let text = take(key) else { return nil }
        switch text.lowercased() {
        case "true", "1", "t", "": return true
        case "false", "0", "f": return false
        default: throw .usage("\(key)=\(text) is neither true nor false")
        }
    }

    mutating func takeInteger(_ key: String) throws(ExportError) -> Int? {
        guard let text = take(key) else { return nil }
        guard let value = Int(text) else { throw .usage("\(key)=\(text) is no number") }
        return value
    }
}
