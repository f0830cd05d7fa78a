// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// Annotations that a person asked for, by the place where they belong.
///
/// Source: BuildKit, `exporter/containerimage/exptypes`: `annotation[-TYPE][\[PLATFORM\]].KEY=VALUE`, the type being
/// `manifest` (also where none is said), `manifest-descriptor`, `index` or `index-descriptor`.
public struct ExportAnnotations: Hashable, Sendable {
    /// Where annotations stand.
    public enum Place: String, Sendable, CaseIterable {
        /// In the image's manifest.
        case manifest
        /// In the descriptor that names the manifest in an index.
        case manifestDescriptor = "manifest-descriptor"
        /// In the image index of several platforms.
        case index
        /// In the descriptor that names the image index.
        case indexDescriptor = "index-descriptor"
    }

    private struct Slot: Hashable, Sendable {
        let place: Place
        let platform: Platform?
    }

    private var values: [Slot: [String: String]] = [:]

    /// No annotations.
    public init() {}

    /// Adds one for every platform, or for `platform` only.
    public mutating func set(_ key: String, _ value: String, at place: Place, platform: Platform? = nil) {
        values[Slot(place: place, platform: platform), default: [:]][key] = value
    }

    /// Those for `place`; what was said for `platform` wins over what was said for all.
    public func annotations(at place: Place, platform: Platform? = nil) -> [String: String] {
        let common = values[Slot(place: place, platform: nil)] ?? [:]
        guard let platform, let special = values[Slot(place: place, platform: platform)] else { return common }
        return common.merging(special) { _, own in own }
    }

    /// Whether nothing was asked for.
    public var isEmpty: Bool { values.isEmpty }

    /// The platforms that something was asked for by name.
    public var platforms: Set<Platform> { Set(values.keys.compactMap(\.platform)) }

    /// Whether something was asked for that stands in an index or in a descriptor, which Docker's old types lack.
    public var needsOCITypes: Bool { values.keys.contains { $0.place != .manifest } }

    /// Whether something was asked for that stands in, or names, an image index.
    public var needsIndex: Bool { values.keys.contains { $0.place == .index || $0.place == .indexDescriptor } }

    /// Adds the attribute `key=value` if its key starts with `annotation`.
    ///
    /// - Returns: Whether it was an annotation.
    /// - Throws: `ExportError.usage` for an unknown place or platform, or no name.
    mutating func add(attribute key: String, value: String, host: Platform) throws(ExportError) -> Bool {
        guard key.hasPrefix("annotation"), let dot = key.firstIndex(of: ".") else { return false }
        var head = key[..<dot].dropFirst("annotation".count)
        let name = String(key[key.index(after: dot)...])
        var platform: Platform?
        if let open = head.firstIndex(of: "["), head.hasSuffix("]") {
            let text = String(head[head.index(after: open)...].dropLast())
            do { platform = try Platform(parsing: text, host: host) } catch {
                throw .usage("in '\(key)': \(error)")
            }
            head = head[..<open]
        }
        guard head.isEmpty || head.hasPrefix("-") else { return false }
        guard let place = head.isEmpty ? .manifest : Place(rawValue: String(head.dropFirst())) else {
            let known = Place.allCases.map(\.rawValue).joined(separator: ", ")
            throw .usage("'\(key)' has no place for annotations; there are \(known)")
        }
        guard !name.isEmpty else { throw .usage("'\(key)' names no annotation") }
        set(name, value, at: place, platform: platform)
        return true
    }
}
