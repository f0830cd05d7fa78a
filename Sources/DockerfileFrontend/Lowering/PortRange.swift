// SPDX-License-Identifier: Apache-2.0

/// An argument of EXPOSE: `[[address:]host:]port[-port][/protocol]`.
///
/// Source: BuildKit, `dockerfile2llb/convert_expose.go`.
struct PortRange: Hashable, Sendable {
    /// A mistake, without place.
    struct Mistake: Error { var message: String }

    /// `port/protocol` for each port.
    let ports: [String]
    /// Whether the protocol has capital letters.
    let hasCapitals: Bool
    /// Whether there is an address or a port of the host.
    let hasHostPart: Bool

    init(parsing text: String) throws(Mistake) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let container = parts.last ?? ""
        let host = parts.count > 1 ? parts[parts.count - 2] : ""
        let address = parts.dropLast(2).joined(separator: ":")
        let sides = container.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let written = sides.count > 1 && !sides[1].isEmpty ? sides[1] : "tcp"
        guard ["tcp", "udp", "sctp"].contains(written.lowercased()) else {
            throw Mistake(message: "'\(written)' is no protocol of a port; there are tcp, udp and sctp")
        }
        guard !sides[0].isEmpty else { throw Mistake(message: "'\(text)' has no port") }
        if !address.isEmpty, !Self.isAddress(address) { throw Mistake(message: "'\(address)' is no IP address") }
        let range = try Self.range(sides[0])
        if !host.isEmpty {
            let hostRange = try Self.range(host)
            if hostRange.count != range.count, range.count > 1 {
                throw Mistake(message: "the ranges '\(sides[0])' and '\(host)' have different lengths")
            }
        }
        hasCapitals = written != written.lowercased()
        hasHostPart = !address.isEmpty || !host.isEmpty
        ports = range.map { "\($0)/\(written.lowercased())" }
    }

    private static func range(_ text: String) throws(Mistake) -> ClosedRange<Int> {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = ends.compactMap { end in
            end.utf8.allSatisfy { (0x30...0x39).contains($0) } && end.utf8.count <= 20 ? Int(end) : nil
        }
        guard numbers.count == ends.count, let first = numbers.first, let last = numbers.last else {
            throw Mistake(message: "'\(text)' is no port")
        }
        guard first <= 65535, last <= 65535 else { throw Mistake(message: "the port '\(text)' is greater than 65535") }
        guard first <= last else { throw Mistake(message: "the range '\(text)' ends before it starts") }
        return first...last
    }

    private static func isAddress(_ text: String) -> Bool {
        if text.contains(":") {
            let bare = text.hasPrefix("[") && text.hasSuffix("]") ? text.dropFirst().dropLast() : Substring(text)
            return bare.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." } && bare.contains(":")
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
