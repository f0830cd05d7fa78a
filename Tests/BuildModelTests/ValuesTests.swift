// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

@Suite("Small values")
struct ValuesTests {
    @Test(
        "A platform has one normal form",
        arguments: [
            ("linux/x86_64", "linux/amd64"), ("linux/aarch64", "linux/arm64"), ("linux/arm64/v8", "linux/arm64"),
            ("arm64", "linux/arm64"), ("linux", "linux/amd64"), ("linux/arm", "linux/arm/v7"),
            ("linux/armhf", "linux/arm/v7"), ("windows/amd64", "windows/amd64"), ("linux/amd64/v3", "linux/amd64/v3"),
        ]
    )
    func platforms(text: String, expected: String) throws {
        let host = Platform(os: "linux", architecture: "amd64")
        #expect(try Platform(parsing: text, host: host).description == expected)
    }

    @Test("What is no platform is refused", arguments: ["", "/", "a/b/c/d", "linux/", "linux/am d64"])
    func notPlatforms(text: String) {
        #expect(throws: PlatformError.self) { try Platform(parsing: text, host: .compiled) }
    }

    @Test(
        "A moment is written as RFC 3339",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (315_532_800, "1980-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_164_799, "2024-02-28T23:59:59Z"), (-1, "1969-12-31T23:59:59Z"),
            (4_102_444_800, "2100-01-01T00:00:00Z"),
        ] as [(Int64, String)]
    )
    func moments(seconds: Int64, expected: String) {
        #expect(Timestamp(seconds: seconds).rfc3339 == expected)
        #expect(Timestamp(seconds: seconds).seconds == seconds)
    }

    @Test("Fractions of a second are kept to the nanosecond")
    func fractions() {
        #expect(Timestamp(nanoseconds: 1_500_000_001).rfc3339 == "1970-01-01T00:00:01.500000001Z")
        #expect(Timestamp(nanoseconds: -1).seconds == -1)
    }

    @Test("Ids of builds are ordered by their time and parse back")
    func ids() throws {
        let times = [1, 2, 1000, 1_700_000_000_000, 1_700_000_000_001].map { Timestamp(nanoseconds: $0 * 1_000_000) }
        let ids = times.map { BuildID(time: $0, random: (UInt64.max, 7)) }
        #expect(ids == ids.sorted())
        for id in ids { #expect(try BuildID(parsing: id.description.uppercased()) == id) }
        #expect(throws: BuildIDError.self) { try BuildID(parsing: "01h") }
    }

    @Test("Times later than the epoch become the epoch, unless they are kept")
    func timestamps() {
        let late = Timestamp(nanoseconds: 315_532_800_000_000_001)
        #expect(TimestampPolicy.default.apply(to: late) == Timestamp(seconds: 315_532_800))
        #expect(TimestampPolicy.default.apply(to: Timestamp(seconds: 5)) == Timestamp(seconds: 5))
        #expect(TimestampPolicy.keep.apply(to: late) == late)
    }

    @Test("Every kind of trouble has the exit code that the design documents")
    func exitCodes() {
        let codes = FaultKind.allCases.map(\.exitCode)
        #expect(codes == [1, 2, 8, 9, 10, 11, 12, 13, 130])
    }
}
