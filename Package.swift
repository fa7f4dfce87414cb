// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")

/// The picture in docs/architecture.md; `TailwartStructureTests` holds the code against it.
let package = Package(
    name: "tailwart",
    products: [.executable(name: "tailwart", targets: ["tailwart"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    ],
    targets: [
        .systemLibrary(name: "CAres", pkgConfig: "libcares", providers: [.apt(["libc-ares-dev"])]),
        .target(name: "CTailwartLinux"),
        .target(
            name: "CTailwartVersion",
            // From the Makefile: a new commit compiles this one file anew and nothing else.
            cSettings: [.define("TAILWART_COMMIT", to: Context.environment["TAILWART_COMMIT"] ?? "unknown")]),
        .target(name: "TailwartWire"),
        .target(name: "TailwartCore", dependencies: ["TailwartWire"]),
        .target(name: "TailwartSystem", dependencies: ["TailwartWire", "CTailwartLinux"]),
        .target(name: "TailwartEngine", dependencies: ["TailwartCore", "TailwartWire", "TailwartSystem"]),
        .target(name: "TailwartConfig", dependencies: ["TailwartCore", "TailwartWire", yams]),
        .target(name: "TailwartResolve", dependencies: ["TailwartSystem", "TailwartWire", "CAres"]),
        .target(name: "TailwartTailnet", dependencies: ["TailwartWire", nioCore, nioPosix, nioHTTP1]),
        .target(
            name: "TailwartProbe",
            dependencies: [
                "TailwartConfig", "TailwartCore", "TailwartWire", nioCore, nioPosix, nioSSL, nioTLS, x509, asn1,
            ]),
        .target(
            name: "TailwartGate",
            dependencies: [
                "TailwartCore", "TailwartProbe", "TailwartSystem", "TailwartTailnet", "TailwartWire", nioCore, nioPosix,
                nioHTTP1, nioSSL,
            ]),
        .target(name: "TailwartPolicy", dependencies: ["TailwartConfig", "TailwartCore", "TailwartWire"]),
        .target(name: "TailwartSecrets"),
        .target(
            name: "TailwartSetup", dependencies: ["TailwartConfig", "TailwartCore", "TailwartWire"]),
        .target(name: "TailwartImport", dependencies: ["TailwartConfig", "TailwartCore", "TailwartWire"]),
        .target(
            name: "TailwartSandbox", dependencies: ["TailwartWire", nioCore, nioPosix, nioSSL, x509, crypto, asn1]),
        .target(
            name: "TailwartControl",
            dependencies: [
                "TailwartConfig", "TailwartCore", "TailwartEngine", "TailwartProbe", "TailwartResolve",
                "TailwartSystem",
                "TailwartTailnet", "TailwartWire", nioCore, nioPosix,
            ]),
        .target(
            name: "TailwartPreflight",
            dependencies: [
                "TailwartConfig", "TailwartCore", "TailwartProbe", "TailwartResolve", "TailwartSystem",
                "TailwartTailnet",
                "TailwartWire", nioCore,
            ]),
        .executableTarget(
            name: "tailwart",
            dependencies: [
                "CTailwartVersion", "TailwartConfig", "TailwartControl", "TailwartCore", "TailwartEngine",
                "TailwartGate",
                "TailwartImport", "TailwartPolicy", "TailwartPreflight", "TailwartSandbox", "TailwartSecrets",
                "TailwartSetup",
                "TailwartSystem", "TailwartTailnet", "TailwartWire", argumentParser, nioPosix,
            ]),
        .target(
            name: "TailwartTesting",
            dependencies: [
                "TailwartCore", "TailwartEngine", "TailwartSystem", "TailwartWire", nioCore, nioPosix, nioSSL, nioTLS,
                x509,
                crypto, asn1,
            ]),
        .target(name: "CTailwartAllocations"),
        .executableTarget(
            name: "TailwartMicrobenchmarks",
            dependencies: ["CTailwartAllocations", "TailwartCore", "TailwartWire"]),
        .testTarget(
            name: "TailwartBudgetTests",
            dependencies: [
                "CTailwartAllocations", "TailwartCore", "TailwartEngine", "TailwartSystem", "TailwartTesting",
                "TailwartWire",
            ]),
        .testTarget(name: "TailwartWireTests", dependencies: ["TailwartWire", "TailwartTesting"]),
        .testTarget(name: "TailwartCoreTests", dependencies: ["TailwartCore", "TailwartWire", "TailwartTesting"]),
        .testTarget(name: "TailwartSystemTests", dependencies: ["TailwartSystem", "TailwartCore", "TailwartWire"]),
        .testTarget(
            name: "TailwartEngineTests",
            dependencies: ["TailwartEngine", "TailwartSystem", "TailwartCore", "TailwartWire", "TailwartTesting"]),
        .testTarget(
            name: "TailwartConfigTests", dependencies: ["TailwartConfig", "TailwartCore", "TailwartWire", yams],
            exclude: ["Fixtures"]),
        .testTarget(name: "TailwartResolveTests", dependencies: ["TailwartResolve", "TailwartSystem", "TailwartWire"]),
        .testTarget(
            name: "TailwartSandboxTests", dependencies: ["TailwartSandbox", "TailwartWire", nioCore, nioPosix]),
        .testTarget(
            name: "TailwartTailnetTests",
            dependencies: [
                "TailwartTailnet", "TailwartSystem", "TailwartTesting", "TailwartWire", nioCore, nioPosix,
            ]),
        .testTarget(
            name: "TailwartProbeTests",
            dependencies: [
                "TailwartProbe", "TailwartCore", "TailwartSystem", "TailwartTesting", "TailwartWire", nioPosix, nioSSL,
            ]),
        .testTarget(
            name: "TailwartGateTests",
            dependencies: [
                "TailwartGate", "TailwartCore", "TailwartProbe", "TailwartSandbox", "TailwartSystem", "TailwartTailnet",
                "TailwartTesting", "TailwartWire", nioCore, nioPosix, nioSSL,
            ]),
        .testTarget(
            name: "TailwartPolicyTests", dependencies: ["TailwartPolicy", "TailwartConfig", "TailwartTesting"]),
        .testTarget(name: "TailwartSecretsTests", dependencies: ["TailwartSecrets", "TailwartTesting"]),
        .testTarget(
            name: "TailwartSetupTests",
            dependencies: ["TailwartSetup", "TailwartConfig", "TailwartCore", "TailwartTesting", "TailwartWire"],
            exclude: ["Golden"]),
        .testTarget(
            name: "TailwartImportTests",
            dependencies: ["TailwartImport", "TailwartConfig", "TailwartCore", "TailwartTesting"],
            exclude: ["Fixtures"]),
        .testTarget(
            name: "TailwartPreflightTests",
            dependencies: [
                "TailwartPreflight", "TailwartConfig", "TailwartCore", "TailwartResolve", "TailwartSystem",
                "TailwartTailnet", "TailwartTesting", "TailwartWire", nioPosix,
            ],
            exclude: ["Fixtures"]),
        .testTarget(
            name: "TailwartControlTests",
            dependencies: [
                "TailwartControl", "TailwartConfig", "TailwartCore", "TailwartEngine", "TailwartSystem",
                "TailwartTailnet",
                "TailwartTesting", "TailwartWire",
            ]),
        .testTarget(
            name: "TailwartCommandTests",
            dependencies: [
                "tailwart", "TailwartCore", "TailwartSandbox", "TailwartSystem", "TailwartTesting", "TailwartWire",
            ]),
        .testTarget(
            name: "TailwartMailTests",
            dependencies: [
                "tailwart", "TailwartCore", "TailwartProbe", "TailwartSetup", "TailwartTesting", "TailwartWire",
                nioPosix,
            ]),
        .testTarget(
            name: "TailwartNetworkTests",
            dependencies: ["tailwart", "TailwartSystem", "TailwartTesting", "TailwartWire"],
            exclude: ["mailbox.py", "wire.py"]),
        .testTarget(name: "TailwartStructureTests"),
    ]
)

for target in package.targets where target.type != .system && !target.name.hasPrefix("C") {
    target.swiftSettings = swiftSettings
}
