// SPDX-License-Identifier: Apache-2.0

/// Writes the files of the root file system into a directory.
struct LocalExporter: Exporter {
    let environment: ExportEnvironment

    func export(_ request: ExportRequest) async throws -> ExportResult {
        throw ExportError.unsupported(exporter: "local", reason: "not written yet")
    }
}
