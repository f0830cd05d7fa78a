// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// How bodies of older versions become bodies of newer ones, one version at a time, on reading.
///
/// A kind whose form changes gets a new version and an entry here; the golden files of the old version stay.
public struct Upcasters: Sendable {
    /// Turns a body of one version into one of the next; what it finds no place for, the reader refuses by name.
    public typealias Step = @Sendable (inout WireBody) -> Void

    /// By kind, the steps in order: the first leads from version 1 to 2.
    private let steps: [String: [Step]]

    /// The steps for every version that ever shipped.
    public static let shipped = Upcasters([
        // Version 2 says which blobs came with the recording.
        EventKind.recordingImported.rawValue: [
            { body in
                body.semantic["layers"] = .array([])
                body.semantic["blobs"] = .array([])
            }
        ]
    ])

    /// Makes a table, by kind; the first step of a kind leads from version 1 to 2.
    public init(_ steps: [String: [Step]]) { self.steps = steps }

    /// The newest version of `kind` that can be read.
    func newest(of kind: EventKind) -> Int { max(kind.version, 1 + steps[kind.rawValue, default: []].count) }

    /// Raises a body from `version` to the newest.
    func raise(_ body: inout WireBody, kind: String, from version: Int) {
        for step in steps[kind, default: []].dropFirst(version - 1) { step(&body) }
    }
}
