// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB

/// What a request means for one target platform.
struct TargetSettings {
    let request: DockerfileRequest
    /// The platform that is built for.
    let platform: Platform
    /// Whether nobody asked for the platform, so that the base image decides.
    let isImplicit: Bool
    /// The build arguments that have a value.
    let arguments: [String: String]
    /// Predefined arguments and those before the first FROM, expanded.
    var globals: VariableList
    /// The same, as if no build argument had been given.
    var globalDefaults: VariableList?

    /// The predefined arguments: BuildKit's, and `DOCKEROS`, `DOCKERARCH`, `TARGETUNAME`.
    static let predefined: Set<String> = [
        "BUILDPLATFORM", "BUILDOS", "BUILDOSVERSION", "BUILDARCH", "BUILDVARIANT", "TARGETPLATFORM", "TARGETOS",
        "TARGETOSVERSION", "TARGETARCH", "TARGETVARIANT", "TARGETSTAGE", "DOCKEROS", "DOCKERARCH", "TARGETUNAME",
    ]
    private static let proxies = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"]

    init(_ request: DockerfileRequest, platform: Platform, isImplicit: Bool, stages: [Dockerfile.Stage]) {
        self.request = request
        self.platform = platform
        self.isImplicit = isImplicit
        var arguments: [String: String] = [:]
        for (name, value) in request.buildArguments { arguments[name] = value ?? request.environment[name] }
        self.arguments = arguments
        let build = request.buildPlatforms.first ?? platform
        let stage = request.target ?? stages.last?.name ?? ""
        globals = VariableList()
        let values = [
            ("BUILDPLATFORM", build.description), ("BUILDOS", build.os), ("BUILDOSVERSION", build.osVersion),
            ("BUILDARCH", build.architecture), ("BUILDVARIANT", build.variant),
            ("TARGETPLATFORM", platform.description), ("TARGETOS", platform.os),
            ("TARGETOSVERSION", platform.osVersion), ("TARGETARCH", platform.architecture),
            ("TARGETVARIANT", platform.variant), ("TARGETSTAGE", stage.isEmpty ? "default" : stage),
            ("DOCKEROS", platform.os), ("DOCKERARCH", platform.architecture), ("TARGETUNAME", platform.unameMachine),
        ]
        for (name, value) in values { globals.set(name, arguments[name] ?? value) }
    }

    /// Expands the arguments before the first FROM.
    ///
    /// Source: BuildKit, `convert.go`, `buildMetaArgs`.
    mutating func read(_ global: [ArgInstruction], in file: SourceFile, escape: UInt8) throws(DockerfileError) {
        let lexer = ShellLexer(escape: escape)
        var defaults = globals
        var defaultsHold = true
        for argument in global.flatMap(\.arguments) {
            if let value = argument.value {
                let known = defaults
                if let text = try? lexer.expand(value.text, lookup: { known[$0] }) {
                    defaults.set(argument.name.text, text.text)
                } else {
                    defaultsHold = false
                }
            }
            if let given = arguments[argument.name.text] {
                globals.set(argument.name.text, given)
            } else if let value = argument.value {
                let known = globals
                do {
                    globals.set(argument.name.text, try lexer.expand(value.text, lookup: { known[$0] }).text)
                } catch {
                    throw file.error(error.message, at: value.span)
                }
            }
        }
        globalDefaults = defaultsHold ? defaults : nil
    }

    /// The proxies among the build arguments, which steps get without their counting in keys.
    var proxy: ProxyEnvironment? {
        var values: [String: String] = [:]
        for name in arguments.keys.sorted() where Self.proxies.contains(name.lowercased()) {
            values[name.lowercased()] = arguments[name]
        }
        if values.isEmpty { return nil }
        return ProxyEnvironment(
            http: values["http_proxy"] ?? "",
            https: values["https_proxy"] ?? "",
            ftp: values["ftp_proxy"] ?? "",
            excluded: values["no_proxy"] ?? "",
            all: values["all_proxy"] ?? ""
        )
    }

    /// Whether the build itself uses an argument of this name.
    static func isBuiltIn(_ name: String) -> Bool {
        predefined.contains(name) || proxies.contains(name.lowercased()) || name.hasPrefix("BUILDKIT_")
            || name == "SOURCE_DATE_EPOCH"
    }

    /// The context that is given under a name, which may be an image's.
    func namedContext(_ name: String) -> (name: String, source: ContextSource)? {
        let lowered = name.lowercased()
        if lowered == "scratch" || lowered == "context" || request.namedContexts.isEmpty { return nil }
        let wanted = ContextNames.normalized(name)
        for key in request.namedContexts.keys.sorted() {
            if ContextNames.normalized(key) == wanted, let source = request.namedContexts[key] { return (key, source) }
        }
        return nil
    }

    /// Whether a stage runs without cache.
    func ignoresCache(_ stage: String?, index: Int) -> Bool {
        switch request.noCache {
        case .nothing: false
        case .everything: true
        case .stages(let names):
            (stage.map { stage in names.contains { $0.lowercased() == stage } } ?? false) || names.contains("\(index)")
        }
    }
}
