// SPDX-License-Identifier: Apache-2.0

/// A git repository as Dockerfiles and contexts name it.
struct GitReference: Hashable, Sendable {
    init?(parsing text: String) { return nil }
}
