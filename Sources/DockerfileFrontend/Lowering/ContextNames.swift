// SPDX-License-Identifier: Apache-2.0

import OCIModel

/// Names of contexts, which are compared as names of images are.
enum ContextNames {
    /// `debian`, `debian:latest` and `docker.io/library/debian` are one name.
    static func normalized(_ name: String) -> String {
        guard let reference = try? ImageReference(parsing: name) else { return name.lowercased() }
        let familiar = reference.familiar
        return familiar.hasSuffix(":latest") ? String(familiar.dropLast(":latest".count)) : familiar
    }
}
