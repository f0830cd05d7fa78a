// SPDX-License-Identifier: Apache-2.0

import BuildModel
import OCIModel

/// What is known of a node at one moment of its lowering: its tree, and how steps and containers run in it.
struct StageState {
    /// The vertex that is its tree; `nil` for an empty one.
    var root: Int?
    /// The variables of steps: ENV and ARG.
    var environment = VariableList()
    /// Where steps run.
    var workingDirectory = "/"
    /// Who runs them.
    var user = ""
    var platform: Platform
    /// The image's configuration so far.
    var image: ImageConfig
    /// The image that the tree starts from.
    var base: ResolvedImage?
    /// ARGs in order of their declaration.
    var arguments: [(name: String, value: String?)] = []
    /// Whether a WORKDIR was seen in this file.
    var hasWorkingDirectory = false
    /// What the stage exports.
    var exports: [ExportedItem] = []
    /// The tree right after FROM, and how many layers it had.
    var startRoot: Int?
    var startLayerCount = 0
    /// The paths that are read from it, for a local context.
    var context: Int?

    init(platform: Platform) {
        self.platform = platform
        image = ImageConfig(platform: platform)
    }

    /// The search path of steps and containers where the image says none.
    ///
    /// Source: BuildKit, `util/system/path.go`.
    static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The state of `FROM scratch`.
    static func empty(_ platform: Platform) -> StageState {
        var state = StageState(platform: platform)
        state.image.container.workingDir = "/"
        state.image.container.env = ["PATH=\(defaultPath)"]
        return state
    }

    /// Adds an entry to the image's history.
    mutating func record(_ text: String, hasLayer: Bool, isBuilt: Bool = false, created: Timestamp?) {
        image.history.append(
            ImageConfig.HistoryEntry(
                created: created?.rfc3339,
                createdBy: isBuilt ? text + " # buildkit" : text,
                comment: "buildkit.dockerfile.v0",
                emptyLayer: !hasLayer
            )
        )
    }
}

/// Something that a stage exports, ready to be replayed elsewhere.
enum ExportedItem: Hashable, Sendable {
    case copy(sources: [String], destination: String, owner: String, mode: String, excludes: [String], parents: Bool)
    case env(name: String, value: String)
    case label(name: String, value: String)
    /// What changed above the lowest `layers` layers.
    case diff(layers: Int)
}
