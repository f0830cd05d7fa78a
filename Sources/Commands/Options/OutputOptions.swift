// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildExporters

/// What is made of the result.
struct OutputOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp(
            "What to make of the result: type=oci|docker|tar|local|image|registry,dest=…, or a directory, or '-'; repeatable.",
            valueName: "SPEC"
        )
    )
    var outputs: [String] = []

    @Flag(help: "Push the image to the registries that its names say.")
    var push = false

    @Option(help: ArgumentHelp("An exporter, as buildctl of 2017 spells it.", valueName: "TYPE"))
    var exporter: String?

    @Option(
        name: .customLong("exporter-opt"),
        help: ArgumentHelp("An option of --exporter.", valueName: "NAME=VALUE")
    )
    var exporterOptions: [String] = []

    /// The specifications, in order.
    ///
    /// - Throws: `ExportError` or `UsageError` for what can't be read.
    func specifications() throws -> [OutputSpecification] {
        var parsed = try outputs.map { try ExportSpecification(parsing: $0) }
        if let exporter {
            var specification = ExportSpecification(type: exporter)
            for option in exporterOptions { try specification.add(option) }
            parsed.append(specification)
        } else if let option = exporterOptions.first {
            throw UsageError("--exporter-opt \(option): there is no --exporter that it could belong to")
        }
        if push {
            let stored = parsed.indices.filter { parsed[$0].type == "image" }
            for index in stored { parsed[index].attributes["push"] = "true" }
            if stored.isEmpty, !parsed.contains(where: { $0.type == "registry" }) {
                parsed.append(ExportSpecification(type: "registry"))
            }
        }
        return parsed.map { OutputSpecification(exporter: $0.type, options: $0.attributes) }
    }

    /// Whether a result goes to standard output.
    static func writesStandardOutput(_ outputs: [OutputSpecification]) -> Bool {
        outputs.contains { output in
            let destination = output.options["dest"] ?? output.options["output"]
            let needsOne = ExporterType(rawValue: output.exporter)?.writesToDestination ?? true
            return destination == "-" || (destination == nil && needsOne)
        }
    }
}
