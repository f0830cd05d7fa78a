// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildModel
import DockerfileFrontend
import OCIModel

/// The check of a Dockerfile without a build: `reel dockerfile lint` and `reel build --check`.
struct DockerfileCheck {
    let name: String
    let bytes: [UInt8]
    let target: String?
    /// As the command line has them, `NAME[=VALUE]`.
    let buildArguments: [String]
    let json: Bool

    /// Prints what is to be said.
    ///
    /// - Returns: The exit code: 1 when there are warnings that the file asks to take as errors.
    /// - Throws: `DockerfileError` for a mistake.
    func perform(on console: Console) async throws -> Int32 {
        var request = DockerfileRequest(source: bytes, fileName: name, buildPlatforms: [.compiled])
        request.target = target
        request.environment = console.environment.variables
        for argument in buildArguments {
            let (name, value) = KeyValue.split(argument)
            request.buildArguments[name] = .some(value)
        }
        let report = try await DockerfileFrontend.lint(request, images: NoImages())
        for warning in report.warnings {
            if json { console.print(warning.json) } else { console.print(warning.description) }
        }
        if let error = report.error { throw error }
        return report.isError ? FaultKind.failed.exitCode : 0
    }
}

/// A place without images: what a check needs of them, it does without.
private struct NoImages: ImageResolving {
    func resolve(_ reference: ImageReference, platform: Platform) async throws -> ResolvedImage {
        throw UsageError("\(reference.familiar): images are not looked up for a check")
    }

    func resolve(layout: String, reference: String, platform: Platform) async throws -> ResolvedImage {
        throw UsageError("\(layout): layouts are not looked up for a check")
    }
}

extension LintWarning {
    /// The object that `reel dockerfile lint --json` prints.
    fileprivate var json: JSONValue {
        [
            "id": .string(rule), "rule": .string(rule), "message": .string(message),
            "explanation": .string(explanation),
            "url": .string(url), "file": .string(position.file), "line": JSONValue(position.line),
            "column": JSONValue(position.column), "lastLine": JSONValue(lastLine),
        ]
    }
}
