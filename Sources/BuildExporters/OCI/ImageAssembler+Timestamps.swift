// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel

extension ImageAssembler {
    /// Replaces the layers that the build made by ones in which no time is later than the epoch.
    ///
    /// Layers of the base image stay as they are, so that they keep their identity. The configuration's own times are
    /// clamped, too: `created`, and those of the history after the base's.
    ///
    /// Source: BuildKit, `docs/build-repro.md`, `rewrite-timestamp`.
    func rewriteTimes(of image: ExportImage, in config: inout ImageConfig) throws {
        for index in config.diffIDs.indices where index >= image.baseLayers {
            config.diffIDs[index] = try clamped(config.diffIDs[index])
        }
        let limit = epoch.rfc3339
        if let created = config.created, isLater(created, than: limit) { config.created = limit }
        var layersSeen = 0
        for index in config.history.indices {
            if !config.history[index].emptyLayer { layersSeen += 1 }
            guard layersSeen > image.baseLayers, let created = config.history[index].created else { continue }
            if isLater(created, than: limit) { config.history[index].created = limit }
        }
    }

    /// Whether one RFC 3339 time in UTC comes after another that has whole seconds.
    private func isLater(_ time: String, than limit: String) -> Bool {
        let (second, limitSecond) = (time.prefix(19), limit.prefix(19))
        return second > limitSecond || second == limitSecond && time.dropFirst(19).hasPrefix(".")
    }

    /// The layer with every later time replaced by the epoch; itself where there is none.
    private func clamped(_ diffID: ContentDigest) throws -> ContentDigest {
        let view = try store.bareView(diffID)
        let policy = TimestampPolicy.clamp(epoch: epoch.seconds)
        var changes = false
        let root = try view.root
        try view.walk(from: root) { entry in
            changes = policy.apply(to: entry.attributes.modified) != entry.attributes.modified
            return changes ? .stop : .descend
        }
        guard changes else { return diffID }
        let writer = try store.writer(timestamps: policy)
        try LayerCopy.copy(view, into: writer)
        return try writer.finish().diffID
    }
}
