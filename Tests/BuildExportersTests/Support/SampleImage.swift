// SPDX-License-Identifier: Apache-2.0

import BuildExporters
import BuildModel
import Glibc
import Layers
import OCIModel
import SystemPackage

extension String {
    /// The UTF-8 of the text, as paths in layers are.
    var bytes: [UInt8] { Array(utf8) }
}

/// A store in a folder of its own, and images in it.
struct SampleStore {
    let folder: TestFolder
    let layers: LayerStore

    init() throws {
        folder = try TestFolder()
        layers = try LayerStore(root: folder("store"))
    }

    static let epoch = Timestamp(seconds: 1_500_000_000)
    static let amd64 = Platform(os: "linux", architecture: "amd64")

    /// The process's side of an export.
    func environment(standardOutput: FileDescriptor = .standardOutput) -> ExportEnvironment {
        ExportEnvironment(
            layers: layers,
            workingDirectory: folder.path,
            temporaryDirectory: folder.path,
            standardOutput: standardOutput
        )
    }

    /// A layer made by `body`.
    func layer(
        timestamps: TimestampPolicy = .clamp(epoch: SampleStore.epoch.seconds),
        _ body: (LayerWriter) throws -> Void
    ) throws -> ContentDigest {
        let writer = try layers.writer(timestamps: timestamps)
        try body(writer)
        return try writer.finish().diffID
    }

    /// Attributes with the time of the samples.
    static func attributes(
        _ kind: FileKind,
        _ mode: UInt16,
        uid: UInt32 = 0,
        gid: UInt32 = 0,
        time: Timestamp = epoch,
        xattrs: [ExtendedAttribute] = [],
        device: DeviceNumber = DeviceNumber(major: 0, minor: 0)
    ) -> FileAttributes {
        FileAttributes(kind: kind, mode: mode, uid: uid, gid: gid, modified: time, xattrs: xattrs, device: device)
    }

    /// Two layers with an entry of every kind; the upper one removes and replaces some of the lower's.
    ///
    /// - Parameter devices: Whether there is a device, which only root can make.
    func everyKind(devices: Bool = geteuid() == 0) throws -> Snapshot {
        let lower = try layer { layer in
            let folder = Self.attributes(.directory, 0o755)
            let file = Self.attributes(.regular, 0o644)
            try layer.directory("dir".bytes, Self.attributes(.directory, 0o1777, uid: 7, gid: 8))
            try layer.file("dir/gone".bytes, file, size: 4, content: .bytes("gone".bytes))
            try layer.file("dir/stays".bytes, file, size: 5, content: .bytes("stays".bytes))
            try layer.directory("empty".bytes, Self.attributes(.directory, 0o700))
            try layer.file("old".bytes, file, size: 3, content: .bytes("old".bytes))
            try layer.directory("usr".bytes, folder)
            try layer.directory("usr/bin".bytes, folder)
            try layer.file("usr/bin/sudo".bytes, Self.attributes(.regular, 0o4755), size: 1, content: .bytes("s".bytes))
        }
        let long = String(repeating: "long/", count: 60)
        let upper = try layer { layer in
            try layer.directory("dir".bytes, Self.attributes(.directory, 0o1777, uid: 7, gid: 8))
            try layer.whiteout("dir/gone".bytes)
            try layer.symbolicLink(
                "dir/link".bytes,
                Self.attributes(.symbolicLink, 0o777),
                target: "../usr/bin/sudo".bytes
            )
            try layer.special("fifo".bytes, Self.attributes(.fifo, 0o600))
            let tagged = [ExtendedAttribute(name: "user.note".bytes, value: "hello".bytes)]
            try layer.file(
                "first".bytes,
                Self.attributes(.regular, 0o640, uid: 1000, gid: 1000, xattrs: tagged),
                size: 3,
                content: .bytes("abc".bytes)
            )
            for depth in 1...60 {
                try layer.directory(String(long.prefix(depth * 5 - 1)).bytes, Self.attributes(.directory, 0o755))
            }
            try layer.file((long + "end").bytes, Self.attributes(.regular, 0o600), size: 0, content: .bytes([]))
            let null = DeviceNumber(major: 1, minor: 3)
            if devices {
                try layer.special("null".bytes, Self.attributes(.characterDevice, 0o666, device: null))
            }
            try layer.file("old".bytes, Self.attributes(.regular, 0o600), size: 3, content: .bytes("new".bytes))
            try layer.hardLink("second".bytes, to: "first".bytes)
        }
        return Snapshot(layers: [lower, upper])
    }

    /// A complete image of `snapshot`.
    func image(_ snapshot: Snapshot, platform: Platform = amd64, command: [String] = ["/usr/bin/sudo"]) -> ExportImage {
        var config = ImageConfig(platform: platform)
        config.created = Self.epoch.rfc3339
        config.container.cmd = command
        config.container.env = ["PATH=/usr/bin"]
        config.diffIDs = snapshot.layers
        config.history = snapshot.layers.map { _ in
            ImageConfig.HistoryEntry(created: Self.epoch.rfc3339, createdBy: "COPY . /")
        }
        return ExportImage(platform: platform, snapshot: snapshot, config: config)
    }

    /// Exports `images` as `text` says.
    @discardableResult
    func export(
        _ images: [ExportImage],
        _ text: String,
        standardOutput: FileDescriptor = .standardOutput,
        forceIndex: Bool = false
    ) async throws -> ExportResult {
        let options = try ExportOptions(ExportSpecification(parsing: text))
        let request = ExportRequest(images: images, options: options, epoch: Self.epoch, forceIndex: forceIndex)
        return try await options.exporter(in: environment(standardOutput: standardOutput)).export(request)
    }
}
