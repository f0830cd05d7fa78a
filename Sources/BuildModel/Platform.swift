// SPDX-License-Identifier: Apache-2.0

/// An operating system and processor, in the spelling of Go's GOOS and GOARCH.
///
/// Source: OCI image specification, "Image Index", `platform`; containerd's `platforms` package for normal forms.
public struct Platform: Hashable, Sendable {
    /// Such as `linux`.
    public var os: String
    /// Such as `amd64`.
    public var architecture: String
    /// Such as `v7`; empty where there is none.
    public var variant: String
    /// The operating system's version; empty where it does not matter.
    public var osVersion: String

    /// Makes a platform of its parts, in their normal form (`x86_64` → `amd64`, `aarch64` → `arm64`, `arm64/v8` → `arm64`).
    public init(os: String, architecture: String, variant: String = "", osVersion: String = "") {
        self.os = os.lowercased() == "macos" ? "darwin" : os.lowercased()
        self.osVersion = osVersion
        switch (architecture.lowercased(), variant.lowercased()) {
        case ("x86_64", _), ("x86-64", _), ("amd64", "v1"):
            (self.architecture, self.variant) = ("amd64", variant == "v1" ? "" : variant)
        case ("i386", _), ("i486", _), ("i586", _), ("i686", _): (self.architecture, self.variant) = ("386", "")
        case ("aarch64", "8"), ("aarch64", "v8"), ("aarch64", ""), ("arm64", "8"), ("arm64", "v8"):
            (self.architecture, self.variant) = ("arm64", "")
        case ("aarch64", let other): (self.architecture, self.variant) = ("arm64", other)
        case ("armhf", _), ("arm", ""), ("arm", "7"): (self.architecture, self.variant) = ("arm", "v7")
        case ("armel", _), ("arm", "6"): (self.architecture, self.variant) = ("arm", "v6")
        case let (other, variant): (self.architecture, self.variant) = (other, variant)
        }
    }

    /// Parses `os/arch[/variant]`, or an architecture or system alone, completed from `host`.
    ///
    /// - Throws: `PlatformError` for anything else.
    public init(parsing text: String, host: Platform) throws(PlatformError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isLetter || $0.isNumber || "_-.".contains($0) } })
        else { throw PlatformError(text: text) }
        switch parts.count {
        case 1 where Self.systems.contains(parts[0].lowercased()):
            self.init(os: parts[0], architecture: host.architecture, variant: host.variant)
        case 1: self.init(os: host.os, architecture: parts[0])
        case 2: self.init(os: parts[0], architecture: parts[1])
        case 3: self.init(os: parts[0], architecture: parts[1], variant: parts[2])
        default: throw PlatformError(text: text)
        }
    }

    private static let systems: Set<String> = [
        "linux", "windows", "darwin", "macos", "freebsd", "netbsd", "openbsd", "solaris", "wasip1", "js", "aix",
    ]

    /// The machine's spelling in `uname -m`, such as `x86_64`; the architecture itself where none is known.
    public var unameMachine: String {
        switch (architecture, variant) {
        case ("amd64", _): "x86_64"
        case ("arm64", _): "aarch64"
        case ("386", _): "i686"
        case ("arm", "v6"): "armv6l"
        case ("arm", _): "armv7l"
        default: architecture
        }
    }

    /// The platform that this program was compiled for.
    public static var compiled: Platform {
        #if arch(x86_64)
            Platform(os: "linux", architecture: "amd64")
        #elseif arch(arm64)
            Platform(os: "linux", architecture: "arm64")
        #else
            #error("reel knows x86_64 and arm64 machines")
        #endif
    }
}

extension Platform: CustomStringConvertible {
    /// `os/arch` or `os/arch/variant`.
    public var description: String { variant.isEmpty ? "\(os)/\(architecture)" : "\(os)/\(architecture)/\(variant)" }
}

/// Text that names no platform.
public struct PlatformError: Fault, Equatable {
    /// What was given.
    public let text: String
    /// Always `.usage`.
    public var kind: FaultKind { .usage }
    /// One sentence.
    public var description: String { "'\(text)' is not a platform; write it as os/arch[/variant], such as linux/amd64" }
}
