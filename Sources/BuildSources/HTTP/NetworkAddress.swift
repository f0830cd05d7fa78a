// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc

/// An address that a host's name stands for.
public struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    /// 4 bytes, or 16.
    public let bytes: [UInt8]

    /// Takes the bytes of an address; 16 bytes that embed one of 4 stand for it.
    ///
    /// Source: RFC 4291, section 2.5.5.2 (mapped), RFC 6052 (NAT64), RFC 3056 (6to4).
    init(bytes: [UInt8]) {
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        let compatible = [UInt8](repeating: 0, count: 12)
        let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
        if bytes.count == 16, bytes.starts(with: mapped) || bytes.starts(with: translated) {
            self.bytes = Array(bytes[12...])
        } else if bytes.count == 16, bytes.starts(with: compatible), bytes[12] != 0 {
            self.bytes = Array(bytes[12...])
        } else {
            self.bytes = bytes
        }
    }

    /// Whether it is of this machine or a network of its owner: private, loopback, link-local, or none at all.
    ///
    /// Source: RFC 6890 and the IANA registries of special-purpose addresses.
    public var isPrivate: Bool {
        if bytes.count == 4 {
            switch (bytes[0], bytes[1]) {
            case (0, _), (10, _), (127, _), (169, 254), (192, 168), (192, 0), (224..., _): return true
            case (100, 64...127), (172, 16...31), (198, 18...19): return true
            default: return false
            }
        }
        if bytes.dropLast().allSatisfy({ $0 == 0 }) { return true }
        if bytes[0] == 0x20, bytes[1] == 0x02 { return NetworkAddress(bytes: Array(bytes[2..<6])).isPrivate }
        return bytes[0] & 0xFE == 0xFC || bytes[0] == 0xFF || (bytes[0] == 0xFE && bytes[1] & 0x80 == 0x80)
    }

    /// As text, such as `127.0.0.1` or `fe80::1`.
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        let made = unsafe bytes.withUnsafeBytes {
            unsafe inet_ntop(family, $0.baseAddress, &text, socklen_t(text.count))
        }
        guard unsafe made != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The addresses that `host` stands for, those of 4 bytes first. Blocks.
    ///
    /// - Parameter host: A name, or an address as URLs have it, with brackets where it has 16 bytes.
    /// - Throws: `HTTPSourceError.unreachable` when there are none.
    static func resolve(_ host: String) throws -> [NetworkAddress] {
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(name, nil, &hints, &list)
        defer { if let list = unsafe list { unsafe freeaddrinfo(list) } }
        guard status == 0 else {
            throw HTTPSourceError(host, .unreachable(unsafe String(cString: gai_strerror(status))))
        }
        var found: [NetworkAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe address(entry.pointee), !found.contains(address) { found.append(address) }
            unsafe next = entry.pointee.ai_next
        }
        guard !found.isEmpty else { throw HTTPSourceError(host, .unreachable("its name has no address")) }
        return found.filter { $0.bytes.count == 4 } + found.filter { $0.bytes.count == 16 }
    }

    private static func address(_ entry: addrinfo) -> NetworkAddress? {
        guard let place = unsafe UnsafeRawPointer(entry.ai_addr) else { return nil }
        switch unsafe entry.ai_family {
        case AF_INET:
            let address = unsafe place.loadUnaligned(as: sockaddr_in.self)
            return NetworkAddress(bytes: unsafe withUnsafeBytes(of: address.sin_addr) { unsafe Array($0) })
        case AF_INET6:
            let address = unsafe place.loadUnaligned(as: sockaddr_in6.self)
            return NetworkAddress(bytes: unsafe withUnsafeBytes(of: address.sin6_addr) { unsafe Array($0) })
        default: return nil
        }
    }
}
