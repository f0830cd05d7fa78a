// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
]

/// A target of ours under the strict settings.
func ours(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The test target of `name`, with `TestSupport` beside what it names.
func tests(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.byName(name: name)] + (name == "BuildModel" ? [] : ["BuildModel"]) + dependencies,
        resources: resources,
        swiftSettings: strict
    )
}

let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let http = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let nio: [Target.Dependency] = ["NIOCore", "NIOHTTP1", "NIOPosix"].map { .product(name: $0, package: "swift-nio") }
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

let package = Package(
    name: "reel",
    products: [
        .executable(name: "reel", targets: ["reel"]),
        .library(name: "LLB", targets: ["LLB"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(name: "CBzip2", providers: [.apt(["libbz2-dev"])]),
        .systemLibrary(name: "CLibGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
        .systemLibrary(name: "CLzma", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(name: "CLinux"),

        ours("BuildModel", ["CCrypto", "CLinux", system]),
        ours("OCIModel", ["BuildModel"]),
        ours("BuildEvents", ["BuildModel"]),
        .target(name: "LLBProto", dependencies: [protobuf], exclude: ["ops.proto"]),
        ours("LLB", ["BuildModel", "OCIModel", "LLBProto", protobuf]),
        ours("PathPatterns", ["BuildModel"]),

        ours("DockerfileFrontend", ["BuildModel", "OCIModel", "LLB", "PathPatterns"]),
        ours("BuildSolver", ["BuildModel", "LLB", "BuildEvents", "OCIModel", deque]),

        ours("EventStorage", ["BuildModel", "BuildEvents", "CLinux", grdb, sqlite, system]),
        ours("Layers", ["BuildModel", "OCIModel", "CLinux", "CDeflate", "CZlib", "CZstd", system]),
        ours(
            "FileOperations",
            ["BuildModel", "OCIModel", "LLB", "Layers", "PathPatterns", "CBzip2", "CLzma", "CZlib", "CZstd", system]
        ),
        ours(
            "BuildSources",
            [
                "BuildModel", "OCIModel", "Layers", "PathPatterns", "RegistryClient", "CLibGit2", "CLinux", http,
                system,
                subprocess,
            ] + nio
        ),
        ours("RegistryClient", ["BuildModel", "OCIModel", http, system] + nio),
        ours("Sandbox", ["BuildModel", "OCIModel", "Layers", "CLinux", system]),
        ours("BuildExporters", ["BuildModel", "OCIModel", "Layers", "RegistryClient", "CLinux", system]),

        ours(
            "BuildEngine",
            [
                "BuildModel", "OCIModel", "LLB", "BuildEvents", "DockerfileFrontend", "PathPatterns", "BuildSolver",
                "EventStorage", "Layers", "FileOperations", "BuildSources", "RegistryClient", "Sandbox",
                "BuildExporters",
                "CLinux", system,
            ]
        ),
        ours(
            "Audit",
            [
                "BuildEngine", "BuildModel", "OCIModel", "LLB", "BuildEvents", "EventStorage", "Layers", "BuildSources",
                "BuildSolver", "BuildExporters", "PathPatterns", "CLinux", "CCrypto", system,
            ]
        ),
        ours("BuildProgress", ["BuildModel", "BuildEvents"]),
        ours(
            "Commands",
            [
                "BuildEngine", "Audit", "BuildModel", "OCIModel", "BuildEvents", "BuildProgress", "BuildSolver", "LLB",
                "DockerfileFrontend", "PathPatterns", "EventStorage", "Layers", "Sandbox", "BuildSources",
                "BuildExporters",
                "CLinux", arguments, system,
            ]
        ),
        .executableTarget(
            name: "reel",
            dependencies: ["Commands"],
            swiftSettings: strict
        ),

        .target(
            name: "ExampleSupport",
            dependencies: ["LLB", system],
            path: "Sources/Examples/Support",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "buildkit2-example",
            dependencies: ["ExampleSupport", "LLB"],
            path: "Sources/Examples/buildkit2",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "buildkit3-example",
            dependencies: ["ExampleSupport", "LLB"],
            path: "Sources/Examples/buildkit3",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "merge-example",
            dependencies: ["ExampleSupport", "LLB"],
            path: "Sources/Examples/merge",
            swiftSettings: strict
        ),

        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "reel", "buildkit2-example", "buildkit3-example", "merge-example", "BuildModel", "LLB", subprocess,
                system,
            ],
            swiftSettings: strict
        ),
        .target(name: "CTestNamespace", dependencies: ["CLinux"], path: "Tests/CTestNamespace"),
        .executableTarget(
            name: "sandbox-helper",
            dependencies: ["BuildModel", "OCIModel", "Layers", "Sandbox", system],
            path: "Tests/SandboxHelper",
            swiftSettings: strict
        ),
        tests("Sandbox", ["OCIModel", "Layers", "CLinux", "CTestNamespace", "sandbox-helper", system]),
        tests("BuildModel"),
        tests("BuildSolver", ["BuildEvents", "LLB", "OCIModel"]),
        tests("BuildEngine", ["Sandbox", system]),
        tests("OCIModel"),
        tests("Layers", ["OCIModel", "CLinux", system], resources: [.copy("Oracle")]),
        .target(
            name: "EventSamples",
            dependencies: ["BuildModel", "BuildEvents"],
            path: "Tests/EventSamples",
            swiftSettings: strict
        ),
        tests("BuildEvents", ["EventSamples"], resources: [.copy("Golden")]),
        tests("EventStorage", ["BuildEvents", "EventSamples", grdb, system]),
        tests("BuildExporters", ["OCIModel", "Layers", "CLinux", system, subprocess]),
        tests(
            "Commands",
            [
                "BuildEngine", "BuildEvents", "BuildProgress", "BuildSources", "EventStorage", "Layers", "LLB",
                "OCIModel",
                arguments, subprocess, system,
            ]
        ),
        tests(
            "Audit",
            ["BuildEngine", "BuildEvents", "BuildExporters", "EventStorage", "Layers", "OCIModel", system]
        ),
        tests("BuildProgress", ["BuildEvents"]),
        tests("LLB", resources: [.copy("Vectors")]),
        tests("FileOperations", ["OCIModel", "LLB", "Layers", system]),
        tests("PathPatterns"),
        tests("DockerfileFrontend", ["OCIModel", "LLB"], resources: [.copy("Cases")]),
        tests("RegistryClient", ["OCIModel", subprocess, system]),
        tests("BuildSources", ["OCIModel", "Layers", "PathPatterns", "CLinux", system, subprocess]),
    ],
    swiftLanguageModes: [.v6]
)
