// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// Why a result could not be exported. Nothing half-written stays behind after any of these.
public enum ExportError: Fault, Equatable {
    /// The `--output` value is wrong; the text says what and what would be right.
    case usage(String)
    /// What was built can't be written in that form.
    case unsupported(exporter: String, reason: String)
    /// The destination is in the way or can't be written.
    case destination(String, reason: String)
    /// Reading what was built, or writing it, failed.
    case failed(exporter: String, reason: String)
    /// Another program that does a part of the work failed or is absent.
    case program(String, reason: String)

    /// `.usage` for a wrong request, else `.failed`.
    public var kind: FaultKind {
        switch self {
        case .usage, .unsupported: .usage
        case .destination, .failed, .program: .failed
        }
    }

    /// One sentence.
    public var description: String {
        switch self {
        case .usage(let what): "--output: \(what)"
        case .unsupported(let exporter, let reason): "the \(exporter) exporter can't write this: \(reason)"
        case .destination(let path, let reason): "can't export to \(path): \(reason)"
        case .failed(let exporter, let reason): "the \(exporter) exporter failed: \(reason)"
        case .program(let name, let reason): "\(name): \(reason)"
        }
    }
}
