// SPDX-License-Identifier: Apache-2.0

/// Writes the root file system as one tar.
struct TarExporter: Exporter {
    let environment: ExportEnvironment

    func export(_ request: ExportRequest) async throws -> ExportResult {
        throw ExportError.unsupported(exporter: "tar", reason: "not written yet")
    }
}
