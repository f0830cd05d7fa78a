// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel

/// What an event changes in the answers of `ResultLookup`.
enum ResultBearing: Equatable, Sendable {
    /// Nothing.
    case nothing
    /// It gives the result for a key.
    case result(key: ContentDigest)
    /// It names layers.
    case layers
    /// It takes blobs away, on which any result may rest.
    case absence

    init(_ event: BuildEvent) {
        self =
            switch event {
            case .stepFinished(let payload): .result(key: payload.key)
            case .stepReused(let payload) where payload.producer == 0: .result(key: payload.key)
            case .sourceResolved, .contextDigested, .imageStored: .layers
            case .blobMissing, .blobCorrupt, .blobsPruned: .absence
            default: .nothing
            }
    }
}

/// What this process has appended and not yet committed that bears on results.
struct UnstoredResults {
    private var keys: [ContentDigest: Int] = [:]
    private var layers = 0
    private var absences = 0

    var isEmpty: Bool { keys.isEmpty && layers == 0 && absences == 0 }

    func concerns(_ key: ContentDigest) -> Bool { absences > 0 || keys[key] != nil }

    mutating func add(_ bearing: ResultBearing) { change(bearing, by: 1) }
    mutating func remove(_ bearing: ResultBearing) { change(bearing, by: -1) }

    private mutating func change(_ bearing: ResultBearing, by amount: Int) {
        switch bearing {
        case .nothing: break
        case .layers: layers += amount
        case .absence: absences += amount
        case .result(let key):
            let count = keys[key, default: 0] + amount
            keys[key] = count > 0 ? count : nil
        }
    }
}
