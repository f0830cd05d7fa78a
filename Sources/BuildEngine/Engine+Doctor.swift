// SPDX-License-Identifier: Apache-2.0

public import Sandbox
import SystemPackage

extension Engine {
    /// What this machine offers for running steps, what is used of it, and why.
    public func doctor() -> SandboxProbe {
        SandboxProbe.look(
            namespaces: try? NamespaceEntry.enter(),
            folder: folder.path,
            searchPath: environment.variables["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin",
            runtime: environment.variables["REEL_RUNTIME"],
            uid: environment.uid
        )
    }
}
