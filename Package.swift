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
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")

/// From `make portable`, which makes one file that runs on any Linux: the C libraries to put into it. Only the linker sees it, so both programs are
/// made from the same objects. `-static-pie` keeps the program's addresses random; of the linkers only lld can do that here.
let portable: [LinkerSetting] =
    Context.environment["TAILWART_PORTABLE"].map { libraries in
        [
            .unsafeFlags(
                ["-Xclang-linker", "-static-pie", "-use-ld=lld", "-Xlinker", "--no-export-dynamic"]
                    + libraries.split(separator: " ").map(String.init))
        ]
    } ?? []

/// All that the program asks of libraries is found when it starts, and cannot be written to afterwards.
let hardened: [LinkerSetting] = [.unsafeFlags(["-Xlinker", "-z", "-Xlinker", "now"])]

/// The picture in docs/architecture.md; `TailwartStructureTests` holds the code against it.
let package = Package(
    name: "tailwart",
    products: [.executable(name: "tailwart", targets: ["tailwart"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.3"),
    ],
    targets: [
        .systemLibrary(name: "CAres", pkgConfig: "libcares", providers: [.apt(["libc-ares-dev"])]),
        .systemLibrary(name: "CTailwartTLS", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CTailwartLinux"),
        .target(
            name: "CTailwartVersion",
            // From the Makefile: a new commit compiles this one file anew and nothing else.
            cSettings: [.define("TAILWART_COMMIT", to: Context.environment["TAILWART_COMMIT"] ?? "unknown")]),
        .target(name: "TailwartWire"),
        .target(name: "TailwartCore", dependencies: ["TailwartWire"]),
        .target(name: "TailwartSystem", dependencies: ["TailwartWire", "CTailwartLinux"]),
        .target(name: "TailwartEngine", dependencies: ["TailwartCore", "TailwartWire", "TailwartSystem"]),
        .target(name: "TailwartConfig", dependencies: ["TailwartCore", "TailwartWire", "CYAML"]),
        .target(name: "TailwartResolve", dependencies: ["TailwartSystem", "TailwartWire", "CAres"]),
        .target(name: "TailwartTailnet", dependencies: ["TailwartClient", "TailwartWire", nioCore]),
        .target(
            name: "TailwartClient", dependencies: ["CTailwartTLS", "TailwartCore", "TailwartWire", nioCore, nioPosix]),
        .target(name: "TailwartProbe", dependencies: ["TailwartClient", "TailwartCore", "TailwartWire", nioCore]),
        .target(
            name: "TailwartGate",
            dependencies: [
                "TailwartClient", "TailwartCore", "TailwartProbe", "TailwartResolve", "TailwartSystem",
                "TailwartTailnet", "TailwartWire", nioCore, nioPosix,
            ]),
        .target(
            name: "TailwartAdmin",
            dependencies: [
                "TailwartClient", "TailwartCore", "TailwartSystem", "TailwartWire", nioCore, nioHTTP1, nioPosix,
            ],
            resources: [.embedInCode("page.html")]),
        .target(
            name: "TailwartSetup", dependencies: ["TailwartConfig", "TailwartCore", "TailwartSystem", "TailwartWire"],
            // Links to what lies in deploy/ and examples/, so that it is in the program as it is there.
            resources: [
                "compose.yaml", "environment", "general.yaml", "mail-only.yaml", "many-domains.yaml",
                "postfix-dovecot.yaml",
                "sysctl.conf", "sysusers.conf", "tailwart.1.in", "tailwart.service", "tailwart.yaml.5.in",
                "tmpfiles.conf", "usual.yaml",
            ].map { .embedInCode("Files/\($0)") }),
        .target(name: "TailwartImport", dependencies: ["TailwartConfig", "TailwartCore", "TailwartWire"]),
        .target(
            name: "TailwartSandbox",
            dependencies: ["TailwartClient", "TailwartCore", "TailwartSystem", "TailwartWire", nioCore, nioPosix]),
        .target(
            name: "TailwartControl",
            dependencies: [
                "CTailwartVersion", "TailwartAdmin", "TailwartClient", "TailwartCore", "TailwartEngine",
                "TailwartProbe",
                "TailwartResolve", "TailwartSystem", "TailwartTailnet", "TailwartWire", nioCore, nioPosix,
            ]),
        .target(
            name: "TailwartPreflight",
            dependencies: [
                "TailwartCore", "TailwartProbe", "TailwartResolve", "TailwartSystem", "TailwartTailnet", "TailwartWire",
                nioCore,
            ]),
        .executableTarget(
            name: "tailwart",
            dependencies: [
                "TailwartAdmin", "TailwartConfig", "TailwartControl", "TailwartCore", "TailwartGate", "TailwartImport",
                "TailwartPreflight", "TailwartResolve", "TailwartSandbox", "TailwartSetup", "TailwartSystem",
                "TailwartTailnet", "TailwartWire", argumentParser, nioPosix,
            ],
            linkerSettings: hardened + portable),
        .target(
            name: "TailwartTesting",
            dependencies: [
                "TailwartClient", "TailwartCore", "TailwartEngine", "TailwartSandbox", "TailwartSystem", "TailwartWire",
                nioCore, nioPosix,
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
        .testTarget(name: "TailwartSystemTests", dependencies: ["TailwartSystem", "TailwartWire"]),
        .testTarget(
            name: "TailwartEngineTests",
            dependencies: ["TailwartEngine", "TailwartSystem", "TailwartCore", "TailwartWire", "TailwartTesting"]),
        .testTarget(
            name: "TailwartConfigTests",
            dependencies: ["TailwartConfig", "TailwartCore", "TailwartSystem", "TailwartTesting", "TailwartWire"],
            exclude: ["Fixtures"]),
        .testTarget(
            name: "TailwartResolveTests",
            dependencies: ["TailwartResolve", "TailwartSystem", "TailwartTesting", "TailwartWire"]),
        .testTarget(
            name: "TailwartSandboxTests",
            dependencies: ["TailwartSandbox", "TailwartClient", "TailwartCore", "TailwartWire", nioCore, nioPosix]),
        .testTarget(
            name: "TailwartTailnetTests",
            dependencies: [
                "TailwartTailnet", "TailwartSystem", "TailwartTesting", "TailwartWire", nioCore, nioPosix,
            ]),
        .testTarget(
            name: "TailwartClientTests",
            dependencies: ["TailwartClient", "TailwartTesting", "TailwartWire", nioCore, nioPosix]),
        .testTarget(
            name: "TailwartProbeTests",
            dependencies: [
                "TailwartProbe", "TailwartClient", "TailwartCore", "TailwartSystem", "TailwartTesting", "TailwartWire",
                nioPosix,
            ]),
        .testTarget(
            name: "TailwartGateTests",
            dependencies: [
                "TailwartGate", "TailwartClient", "TailwartCore", "TailwartProbe", "TailwartSandbox", "TailwartSystem",
                "TailwartTailnet", "TailwartTesting", "TailwartWire", nioCore, nioPosix,
            ]),
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
            name: "TailwartAdminTests",
            dependencies: [
                "TailwartAdmin", "TailwartClient", "TailwartCore", "TailwartSystem", "TailwartTesting", "TailwartWire",
                nioCore,
            ]),
        .testTarget(
            name: "TailwartControlTests",
            dependencies: [
                "TailwartControl", "TailwartAdmin", "TailwartClient", "TailwartConfig", "TailwartCore",
                "TailwartEngine",
                "TailwartSandbox",
                "TailwartSystem", "TailwartTailnet", "TailwartTesting", "TailwartWire",
            ],
            exclude: ["Monitoring/expressions.py", "Monitoring/openmetrics.py"]),
        .testTarget(
            name: "TailwartCommandTests",
            dependencies: [
                "tailwart", "TailwartCore", "TailwartSandbox", "TailwartSystem", "TailwartTesting", "TailwartWire",
            ],
            exclude: ["browser.py"]),
        .testTarget(
            name: "TailwartMailTests",
            dependencies: [
                "tailwart", "TailwartClient", "TailwartCore", "TailwartProbe", "TailwartSetup", "TailwartTesting",
                "TailwartWire", nioPosix,
            ]),
        .testTarget(
            name: "TailwartNetworkTests",
            dependencies: ["tailwart", "TailwartSystem", "TailwartTesting", "TailwartWire"],
            exclude: ["headscale.py", "mailbox.py", "wire.py"]),
        .testTarget(name: "TailwartStructureTests"),
    ]
)

for target in package.targets where target.type != .system && !target.name.hasPrefix("C") {
    target.swiftSettings = swiftSettings
}
