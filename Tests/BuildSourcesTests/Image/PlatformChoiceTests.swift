// SPDX-License-Identifier: Apache-2.0

import BuildModel
import BuildSources
import OCIModel
import Testing

@Suite("The platform of an image index")
struct PlatformChoiceTests {
    static let cases: [(offered: [String], wanted: String, chosen: Int?)] = [
        (["linux/amd64", "linux/arm64"], "linux/arm64", 1),
        (["linux/amd64", "linux/amd64"], "linux/amd64", 0),
        (["linux/arm/v6", "linux/arm/v7"], "linux/arm/v7", 1),
        (["linux/arm/v5", "linux/arm/v6"], "linux/arm/v7", 1),
        (["linux/arm/v7"], "linux/arm/v6", nil),
        (["linux/amd64/v2", "linux/amd64"], "linux/amd64", 1),
        (["linux/amd64", "linux/amd64/v2", "linux/amd64/v4"], "linux/amd64/v3", 1),
        (["linux/arm64/v8"], "linux/arm64", 0),
        (["windows/amd64"], "linux/amd64", nil),
        (["unknown/unknown", "linux/amd64"], "linux/amd64", 1),
        (["", "linux/amd64"], "linux/amd64", 1),
        ([""], "linux/amd64", 0),
        ([], "linux/amd64", nil),
    ]

    @Test("is the very one, or the best that runs there", arguments: cases)
    func choose(offered: [String], wanted: String, chosen: Int?) throws {
        let host = Platform(os: "linux", architecture: "amd64")
        let descriptors = try offered.enumerated().map { index, text in
            Descriptor(
                mediaType: MediaType.ociManifest,
                digest: ContentDigest(of: "\(index)"),
                size: 1,
                platform: text.isEmpty ? nil : try Platform(parsing: text, host: host)
            )
        }
        let choice = try PlatformChoice.choose(descriptors, for: Platform(parsing: wanted, host: host))
        #expect(choice == chosen.map { descriptors[$0] })
    }
}
