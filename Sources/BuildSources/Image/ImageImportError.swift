// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// Why an image could not be taken into the store. Nothing of it is named by the store afterwards.
public enum ImageImportError: Fault, Equatable {
    /// It is no rootfs tar, no OCI layout and no archive of either kind that reel knows.
    case unrecognised(path: String, reason: String)
    /// It is an image, and breaks a rule of its format.
    case malformed(path: String, reason: String)
    /// A blob does not have the bytes that its name promises.
    case digestMismatch(path: String, subject: String, expected: ContentDigest, actual: ContentDigest)
    /// It has no image for the platform.
    case noPlatform(path: String, wanted: Platform, present: [String])
    /// It holds several images and nothing says which is meant.
    case ambiguous(path: String, names: [String])
    /// It holds no image of that name.
    case noSuchImage(path: String, name: String, names: [String])
    /// It is larger than the limits allow.
    case tooLarge(path: String, subject: String, limit: Int64)

    /// `.corrupt` for wrong bytes, `.usage` for a wrong choice, else `.failed`.
    public var kind: FaultKind {
        switch self {
        case .digestMismatch: .corrupt
        case .ambiguous, .noSuchImage, .noPlatform: .usage
        case .unrecognised, .malformed, .tooLarge: .failed
        }
    }

    /// One sentence.
    public var description: String {
        switch self {
        case .unrecognised(let path, let reason):
            "\(path) is no image (a rootfs tar, an OCI layout, or a docker save archive): \(reason)"
        case .malformed(let path, let reason): "\(path) is not a valid image: \(reason)"
        case .digestMismatch(let path, let subject, let expected, let actual):
            "\(path): \(subject) should have the digest \(expected) and has \(actual); fetch or make it again"
        case .noPlatform(let path, let wanted, let present):
            "\(path) has no image for \(wanted); it has \(present.joined(separator: ", ")), choose with --platform"
        case .ambiguous(let path, let names):
            "\(path) holds several images; name one of \(names.joined(separator: ", "))"
        case .noSuchImage(let path, let name, let names):
            "\(path) holds no image '\(name)'; it holds \(names.isEmpty ? "none" : names.joined(separator: ", "))"
        case .tooLarge(let path, let subject, let limit):
            "\(path): \(subject) is larger than the limit of \(limit) bytes"
        }
    }
}
