// SPDX-License-Identifier: Apache-2.0

/// Options about the machine that steps see.
enum StepLimits {
    /// Reads `HOST:IP` or `HOST=IP`; an IPv6 address may stand in brackets.
    ///
    /// Source: docker/cli, `opts/hosts.go`.
    static func host(_ text: String) throws -> (name: String, address: String) {
        let mark = text.firstIndex(of: "=") ?? text.firstIndex(of: ":")
        guard let mark, mark > text.startIndex, text.index(after: mark) < text.endIndex else {
            throw UsageError("--add-host \(text): write it as HOST:IP")
        }
        var address = String(text[text.index(after: mark)...])
        if address.hasPrefix("["), address.hasSuffix("]") { address = String(address.dropFirst().dropLast()) }
        guard address == "host-gateway" || address.allSatisfy({ $0.isHexDigit || ".:".contains($0) }) else {
            throw UsageError("--add-host \(text): '\(address)' is no address")
        }
        return (String(text[..<mark]), address)
    }

    /// Reads `NAME=SOFT[:HARD]`; -1 means no limit.
    ///
    /// Source: docker/go-units, `ParseUlimit`.
    static func ulimit(_ text: String) throws -> (name: String, soft: Int64, hard: Int64) {
        let (name, value) = try KeyValue.require(text, option: "--ulimit")
        let numbers = value.split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) }
        guard (1...2).contains(numbers.count), let soft = numbers[0], let hard = numbers[numbers.count - 1], soft >= -1,
            hard >= -1
        else { throw UsageError("--ulimit \(text): write it as NAME=SOFT[:HARD] with whole numbers") }
        guard names.contains(name) else { throw UsageError("--ulimit \(text): there is no limit '\(name)'") }
        guard hard == -1 || (soft != -1 && soft <= hard) else {
            throw UsageError("--ulimit \(text): the soft limit is above the hard one")
        }
        return (name, soft, hard)
    }

    private static let names: Set<String> = [
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
        "rttime", "sigpending", "stack",
    ]
}
