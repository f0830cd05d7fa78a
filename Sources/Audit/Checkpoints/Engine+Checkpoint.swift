// SPDX-License-Identifier: Apache-2.0

public import BuildEngine
public import BuildEvents
import BuildModel
import EventStorage
import Layers

extension Engine {
    /// Writes down the head of the log as it is now, signed if there is a key, and notes that in the log.
    ///
    /// The note covers every event before the one that tells of it. Kept elsewhere it shows any later change of those.
    public func checkpoint(signedBy key: NoteSigner?) async throws -> SignedNote {
        try await log.flush()
        let engine = self
        let (head, note, blob) = try await Offload.run {
            let head = try engine.log.head()
            let note = Checkpoint(origin: try key?.verifier.name ?? engine.log.identity(), head: head)
                .note(signedBy: key.map { [$0] } ?? [])
            let blob = try engine.layers.blobs.put(Array(note.encoded.utf8))
            try engine.layers.blobs.flush()
            return (head, note, blob)
        }
        log.append(.logCheckpointed(LogCheckpointed(size: head.size, root: head.root, note: blob)), build: nil)
        try await log.flush()
        return note
    }
}
