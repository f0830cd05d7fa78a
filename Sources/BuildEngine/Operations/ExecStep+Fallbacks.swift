// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import Layers
import OCIModel
import Sandbox

extension ExecStep {
    /// Says that the kernel's overlayfs is not in use, and why.
    func tellOverlay(_ ready: SandboxSlot.Ready) {
        guard let refusal = ready.driver.overlayRefusal else { return }
        tell("overlayfs", "roots are served by fuse-overlayfs, which is slower: \(refusal)")
    }

    /// Says that the root has files of other users where only one id is mapped: in the step they belong to root.
    func tellForeignOwners(_ base: Snapshot, _ ready: SandboxSlot.Ready) async throws {
        guard ready.runtime.namespaces.singleID != nil, !base.layers.isEmpty else { return }
        let layers = run.layers
        let owned = try await Offload.run {
            let view = try layers.view(base)
            var owned: String?
            try view.walk(from: view.root) { entry in
                if owned == nil, entry.attributes.uid != 0 || entry.attributes.gid != 0 {
                    owned = String(decoding: entry.path, as: UTF8.self)
                }
                return owned == nil ? .descend : .stop
            }
            return owned
        }
        if let owned { tellSingleID(ready, "'/\(owned)' and whatever else belongs to others belongs to root in steps") }
    }

    /// Says that there is one id only, and what follows from it; nothing where there are more.
    func tellSingleID(_ ready: SandboxSlot.Ready, _ consequence: String) {
        guard let cause = ready.runtime.namespaces.singleID else { return }
        let mending = "'reel doctor' tells how to mend it"
        tell("user ids", "one id only is mapped (\(cause.rawValue)), and \(consequence); \(mending)")
    }

    private func tell(_ subject: String, _ reason: String) {
        guard run.engine.sandbox.isNews(subject, for: run.id) else { return }
        run.log.append(.fallback(Fallback(subject: subject, reason: reason)), build: run.id)
    }
}
