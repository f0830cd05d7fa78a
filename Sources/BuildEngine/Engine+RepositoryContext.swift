// SPDX-License-Identifier: Apache-2.0

import BuildModel
import BuildSources
import DockerfileFrontend
import Layers
import OCIModel
import PathPatterns
import SystemPackage

extension Engine {
    /// A git context as a build would see it, its ignore rules applied, without a build.
    ///
    /// - Parameters:
    ///   - url: The URL with fragment and query; a user and password in it are used and told to nobody.
    ///   - dockerfile: The Dockerfile's path, for its own ignore rules.
    ///   - ignoreFile: A file of this machine that counts in place of the context's own rules.
    ///   - note: Is told of each thing that was done otherwise than meant.
    /// - Returns: What of it counts in a hash, and where the contents of its files are.
    public func context(
        ofRepository url: String,
        dockerfile: String,
        ignoreFile: String? = nil,
        note: @escaping @Sendable (String) -> Void
    ) async throws -> HashedContext {
        let (plain, userInfo) = URLUserInfo.split(url)
        let isWeb = url.hasPrefix("http://") || url.hasPrefix("https://")
        let operation = try ContextSource.gitSource(isWeb ? plain : url, context: "context")
        let request = try GitSourceRun.request(operation)
        let header = isWeb ? userInfo?.basicAuthorization : nil
        let access = GitAccess(authorization: { $0 == request.remote.host ? header : nil })
        let resolution = try await git.resolve(request, access: access, note: note)
        let layer = try await git.layer(
            of: resolution,
            options: .init(timestamps: .default, now: environment.clock.now(), parallelism: environment.processors),
            into: layers,
            access: access,
            largeFiles: LargeFileTransport(),
            note: note
        )
        let layers = layers
        return try await Offload.run {
            let view = try layers.view(Snapshot(layers: [layer.diffID]))
            let files = ContextFiles.tar(view)
            let ignore = try files.ignoreFile(dockerfile: dockerfile, given: ignoreFile)
            let context = try ArchiveContextReader(layers: layers).read(
                view,
                options: LocalContextOptions(ignore: ignore?.rules.rules, makesLayer: false)
            )
            return HashedContext(
                counting: context.manifest,
                contents: LayerContents(view: view),
                ignoreFile: ignore?.name,
                dockerfile: (dockerfile, try? files.dockerfile(name: dockerfile, bytes: nil))
            )
        }
    }
}
