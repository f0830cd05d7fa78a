// SPDX-License-Identifier: Apache-2.0

import BuildModel

extension WireBody {
    mutating func put(_ key: String, _ value: String?) { if let value { semantic[key] = .string(value) } }
    mutating func put(_ key: String, _ value: Int?) { if let value { semantic[key] = .integer(Int64(value)) } }
    mutating func put(_ key: String, _ value: Int64) { semantic[key] = .integer(value) }
    mutating func put(_ key: String, _ value: Int32?) { if let value { semantic[key] = .integer(Int64(value)) } }
    mutating func put(_ key: String, _ value: Bool) { semantic[key] = .integer(value ? 1 : 0) }
    mutating func put(_ key: String, _ value: ContentDigest?) {
        if let value { semantic[key] = .string(value.description) }
    }
    mutating func put(_ key: String, _ value: BuildID?) { if let value { semantic[key] = .string(value.description) } }
    mutating func put(_ key: String, _ value: [String]) { semantic[key] = JSONValue(value) }
    mutating func put(_ key: String, _ value: [String: String]) { semantic[key] = JSONValue(value) }
    mutating func put(_ key: String, _ value: [ContentDigest]) { semantic[key] = JSONValue(value.map(\.description)) }
    mutating func put(_ key: String, _ value: [String: ContentDigest]) {
        semantic[key] = JSONValue(value.mapValues(\.description))
    }
    mutating func put(_ key: String, _ value: [BuildID]) { semantic[key] = JSONValue(value.map(\.description)) }
    mutating func put(_ key: String, _ value: [StepResult]) { semantic[key] = .array(value.map(\.json)) }

    /// Takes what merely happened.
    mutating func put(happened: Happened) { volatile = happened.compactMapValues(\.logged) }
}
