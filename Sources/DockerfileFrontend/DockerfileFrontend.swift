// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB

/// Turns a Dockerfile into an LLB definition and an image configuration.
///
/// Nothing is lowered and no image is resolved before the whole file is checked.
public enum DockerfileFrontend {
    /// Parses, checks and lowers the target of a request.
    ///
    /// - Throws: `DockerfileError`, or what `images` throws, with the place added where there is one.
    public static func lower(
        _ request: DockerfileRequest,
        images: some ImageResolving
    ) async throws -> FrontendResult {
        let builds = try FrontendBuild(request)
        return try await builds.lower(images: images)
    }

    /// Parses and checks a whole file; expands and resolves nothing.
    ///
    /// - Throws: `DockerfileError` for the first mistake.
    public static func parse(
        _ source: [UInt8],
        fileName: String = "Dockerfile"
    ) throws(DockerfileError) -> Dockerfile {
        try Dockerfile(parsing: source, fileName: fileName)
    }

    /// Checks every stage of a request's file (`reel build --check`), or what its target needs where it names one.
    ///
    /// - Returns: The warnings in the order of the file, whether they are errors, and the mistake that ended the
    ///   check. What `images` throws is no mistake of the file: the image is taken for an empty one.
    public static func lint(
        _ request: DockerfileRequest,
        images: some ImageResolving
    ) async throws -> LintReport {
        do {
            let build = try FrontendBuild(request)
            return try await build.lint(images: images)
        } catch let error as DockerfileError {
            return LintReport(warnings: [], isError: true, error: error)
        }
    }
}

/// What `lint` found.
public struct LintReport: Sendable {
    /// In the order of the file.
    public var warnings: [LintWarning]
    /// Whether the file or the request asks that warnings fail the build, and there are some; or there is a mistake.
    public var isError: Bool
    /// The mistake that ended the check, if one did.
    public var error: DockerfileError?
}
