// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// One platform's files, and the folder that they go into.
struct PlatformFolder {
    let image: ExportImage
    /// Such as `linux_amd64`; empty where they go to the top.
    let name: [UInt8]

    /// The folders of a request, in byte order of their names.
    ///
    /// - Throws: `ExportError.unsupported` for several platforms that are to share one folder.
    static func folders(of request: ExportRequest) throws(ExportError) -> [PlatformFolder] {
        let exporter = request.options.type.rawValue
        guard !request.images.isEmpty else { throw .unsupported(exporter: exporter, reason: "nothing was built") }
        let split = request.options.platformSplit ?? (request.images.count > 1)
        guard split || request.images.count == 1 else {
            throw .unsupported(exporter: exporter, reason: "several platforms need platform-split=true")
        }
        let folders = request.images.map { image in
            let name = split ? Array(image.platform.description.utf8.map { $0 == 0x2F ? 0x5F : $0 }) : []
            return PlatformFolder(image: image, name: name)
        }
        return folders.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }
}
