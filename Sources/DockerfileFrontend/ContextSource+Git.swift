// SPDX-License-Identifier: Apache-2.0

import BuildModel
public import LLB

extension ContextSource {
    /// The source that a git context is, as the frontend puts it into the definition.
    ///
    /// - Parameters:
    ///   - url: The URL with its fragment and query.
    ///   - context: What errors call it.
    /// - Throws: `DockerfileError` for a URL with a mistake.
    public static func gitSource(_ url: String, context: String) throws(DockerfileError) -> SourceOperation {
        try gitOperation(url, context: context).0
    }

    static func gitOperation(_ url: String, context: String) throws(DockerfileError)
        -> (SourceOperation, capabilities: [String])
    {
        let reference: GitReference
        do throws(GitReference.Mistake) {
            guard let found = try GitReference.parse(url) else {
                throw GitReference.Mistake(message: "it is no repository")
            }
            reference = found
        } catch {
            throw DockerfileError("the context '\(context)' is '\(URLUserInfo.redacted(url))': \(error.message)")
        }
        return reference.source(
            keepsGitDirectory: reference.keepsGitDirectory ?? false,
            checksum: reference.checksum
        )
    }
}
