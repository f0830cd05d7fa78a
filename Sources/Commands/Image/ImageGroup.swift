// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Commands about the images in reel's own store.
struct ImageGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Take images into the store, and list them.",
        subcommands: [ImageImport.self, ImageList.self]
    )
}
