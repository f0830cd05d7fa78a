// SPDX-License-Identifier: Apache-2.0

extension BuildEvent {
    /// Whether it is the last event of its build.
    public var endsBuild: Bool {
        switch self {
        case .buildFinished, .buildFailed, .buildCancelled: true
        default: false
        }
    }
}
