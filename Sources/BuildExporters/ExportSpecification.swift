// SPDX-License-Identifier: Apache-2.0

/// One `--output` as it was written: a type and its attributes, not yet checked.
///
/// Source: docker buildx, `--output`; buildctl, `--output`, and `--exporter` with `--exporter-opt` of July 2017.
public struct ExportSpecification: Hashable, Sendable {
    /// The exporter's name, such as `oci`.
    public var type: String
    /// Everything else, by key; the keys are in lower case, except what follows `annotation.`.
    public var attributes: [String: String]

    /// Makes one of its parts.
    public init(type: String, attributes: [String: String] = [:]) {
        self.type = type
        self.attributes = attributes
    }

    /// Parses `type=oci,dest=FILE,…`, one line of comma-separated values in which a field may be quoted.
    ///
    /// As in docker, a text without any `=` is a destination: `-` means `type=tar,dest=-`, else `type=local,dest=TEXT`.
    ///
    /// - Throws: `ExportError.usage` for a field that is no `key=value`, a key that stands twice, or no `type`.
    public init(parsing text: String) throws(ExportError) {
        let fields = try Self.fields(of: text)
        if fields.count == 1, let only = fields.first, !only.contains("=") {
            guard !only.isEmpty else { throw .usage("nothing is said; write type=oci,dest=FILE or a directory") }
            self.init(type: only == "-" ? "tar" : "local", attributes: ["dest": only])
            return
        }
        self.init(type: "")
        for field in fields { try add(field) }
        guard let type = attributes.removeValue(forKey: "type"), !type.isEmpty else {
            throw .usage("'\(text)' has no type=…")
        }
        self.type = type
    }

    /// Adds one `key=value`, as `--exporter-opt` gives it.
    ///
    /// - Throws: `ExportError.usage` for what is no `key=value`, and for a key that stands twice.
    public mutating func add(_ field: String) throws(ExportError) {
        guard let equals = field.firstIndex(of: "="), equals > field.startIndex else {
            throw .usage("'\(field)' is no key=value")
        }
        let written = String(field[..<equals])
        let key = written.hasPrefix("annotation") ? written : written.lowercased()
        let value = String(field[field.index(after: equals)...])
        guard attributes.updateValue(value, forKey: key) == nil else { throw .usage("'\(key)' stands twice") }
    }

    /// Splits at commas outside of quotes; `""` within quotes is one quote.
    private static func fields(of text: String) throws(ExportError) -> [String] {
        var fields = [""]
        var quoted = false
        var rest = text[...]
        while let character = rest.popFirst() {
            switch character {
            case "\"" where quoted && rest.first == "\"":
                rest.removeFirst()
                fields[fields.count - 1].append("\"")
            case "\"": quoted.toggle()
            case "," where !quoted: fields.append("")
            default: fields[fields.count - 1].append(character)
            }
        }
        guard !quoted else { throw .usage("a quote in '\(text)' is not closed") }
        return fields
    }
}
