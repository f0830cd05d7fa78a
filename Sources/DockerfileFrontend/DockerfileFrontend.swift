// SPDX-License-Identifier: Apache-2.0

import BuildModel

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
        throw DockerfileError("not yet", kind: .failed)
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

    /// Checks every stage of a request's file (`reel build --check`).
    ///
    /// - Returns: The warnings in the order of the file, and whether `# check=error=true` makes them errors.
    /// - Throws: `DockerfileError` for a mistake; what `images` throws is not an error here.
    public static func lint(
        _ request: DockerfileRequest,
        images: some ImageResolving
    ) async throws -> LintReport {
        throw DockerfileError("not yet", kind: .failed)
    }
}

/// What `lint` found.
public struct LintReport: Sendable {
    /// In the order of the file.
    public var warnings: [LintWarning]
    /// Whether the file or the request asks that warnings fail the build, and there are some.
    public var isError: Bool
    /// The mistake that ended the check, if one did.
    public var error: DockerfileError?
}
