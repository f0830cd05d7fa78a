// SPDX-License-Identifier: Apache-2.0

/// The spelling of contexts that are images on this machine.
public enum ImageContext {
    /// Parts `oci-layout://PATH[:TAG|@DIGEST]` or `docker-archive://PATH[:NAME:TAG]` into the path and the rest.
    ///
    /// - Returns: `nil` for a value with another scheme; an empty reference where none is said.
    public static func split(_ value: String) -> (path: String, reference: String)? {
        if value.hasPrefix("docker-archive://") {
            let rest = value.dropFirst("docker-archive://".count)
            guard let colon = rest.firstIndex(of: ":") else { return (String(rest), "") }
            return (String(rest[..<colon]), String(rest[rest.index(after: colon)...]))
        }
        guard value.hasPrefix("oci-layout://") else { return nil }
        let rest = value.dropFirst("oci-layout://".count)
        // A digest has a colon of its own.
        let at = rest.lastIndex(of: "@").flatMap { rest[$0...].contains("/") ? nil : $0 }
        let mark = at ?? rest.lastIndex(of: ":").flatMap { rest[$0...].contains("/") ? nil : $0 }
        guard let mark else { return (String(rest), "") }
        return (String(rest[..<mark]), String(rest[rest.index(after: mark)...]))
    }
}
