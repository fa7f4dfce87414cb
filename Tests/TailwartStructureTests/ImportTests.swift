import Foundation
import Testing

/// Who may import whom: the picture in docs/architecture.md, as a test.
@Suite struct ImportTests {
    /// What each target may import besides the standard library. A module that is not listed is forbidden.
    static let allowed: [String: Set<String>] = [
        "TailwartWire": [],
        "TailwartCore": ["TailwartWire", "Synchronization"],
        "TailwartSystem": ["TailwartWire", "CTailwartLinux", "Glibc"],
        "TailwartEngine": ["TailwartCore", "TailwartWire", "TailwartSystem", "Synchronization"],
        "TailwartConfig": ["TailwartCore", "TailwartWire", "Yams", "Glibc"],
        "TailwartResolve": ["TailwartSystem", "TailwartWire", "CAres", "Glibc", "Synchronization"],
        "TailwartTailnet": [
            "TailwartWire", "NIOCore", "NIOPosix", "NIOHTTP1", "FoundationEssentials", "Glibc",
        ],
        "TailwartProbe": [
            "TailwartConfig", "TailwartCore", "TailwartWire", "NIOCore", "NIOPosix", "NIOSSL", "NIOTLS", "X509",
            "SwiftASN1",
            "FoundationEssentials", "Glibc", "Synchronization",
        ],
        "TailwartGate": [
            "TailwartCore", "TailwartProbe", "TailwartSystem", "TailwartTailnet", "TailwartWire", "NIOCore", "NIOPosix",
            "NIOHTTP1", "NIOSSL", "FoundationEssentials", "Glibc", "Synchronization",
        ],
        "TailwartPolicy": ["TailwartConfig", "TailwartCore", "TailwartWire"],
        "TailwartSecrets": ["Glibc"],
        "TailwartSetup": ["TailwartConfig", "TailwartCore", "TailwartWire", "FoundationEssentials", "Glibc"],
        "TailwartPreflight": [
            "TailwartConfig", "TailwartCore", "TailwartProbe", "TailwartResolve", "TailwartSystem", "TailwartTailnet",
            "TailwartWire", "NIOCore", "NIOPosix", "FoundationEssentials", "Glibc",
            "Synchronization",
        ],
        "TailwartImport": ["TailwartConfig", "TailwartCore", "TailwartWire", "Glibc"],
        "TailwartSandbox": [
            "TailwartWire", "NIOCore", "NIOPosix", "NIOSSL", "X509", "Crypto", "SwiftASN1",
            "Synchronization", "FoundationEssentials",
        ],
        "TailwartControl": [
            "TailwartConfig", "TailwartCore", "TailwartEngine", "TailwartProbe", "TailwartResolve", "TailwartSystem",
            "TailwartTailnet", "TailwartWire", "Glibc", "NIOCore", "NIOPosix", "Synchronization",
        ],
        "tailwart": [
            "ArgumentParser", "CTailwartVersion", "Foundation", "Glibc", "NIOPosix", "TailwartConfig",
            "TailwartControl",
            "TailwartCore", "TailwartEngine", "TailwartGate", "TailwartImport", "TailwartPolicy", "TailwartPreflight",
            "TailwartSandbox",
            "TailwartSecrets", "TailwartSetup", "TailwartSystem", "TailwartTailnet", "TailwartWire",
        ],
        // Foundation: files, pipes and JSON for tests that run whole programs; nothing of it is in the product.
        "TailwartMicrobenchmarks": ["CTailwartAllocations", "Foundation", "TailwartCore", "TailwartWire"],
        "TailwartTesting": [
            "TailwartCore", "TailwartEngine", "TailwartSystem", "TailwartWire", "Foundation", "Glibc",
            "Synchronization", "NIOCore", "NIOPosix", "NIOSSL", "NIOTLS", "X509", "Crypto", "SwiftASN1",
        ],
    ]

    /// Pairs that somebody will want one day, and why not.
    static let forbidden: [(target: String, module: String, reason: String)] = [
        (
            "TailwartWire", "TailwartCore",
            "wire formats are bytes and values; decisions look at them, not the other way round"
        ),
        (
            "TailwartWire", "Glibc",
            "a parser that cannot make a system call can be tested with every prefix of every input"
        ),
        ("TailwartCore", "TailwartSystem", "decisions without I/O can be simulated with a seed and no socket"),
        ("TailwartCore", "Glibc", "time, randomness and identity are arguments"),
        ("TailwartPreflight", "TailwartControl", "a look at a host needs no edge"),
        ("TailwartSystem", "TailwartCore", "a system call knows nothing of listeners and routes"),
        ("TailwartEngine", "Foundation", "the data plane carries no weight that it does not use"),
        (
            "TailwartEngine", "NIOCore",
            "the engine is the one thing that is ours; two event loops would be one too many"
        ),
        ("TailwartEngine", "Logging", "a worker writes fixed-size records; formatting is another thread's"),
        ("TailwartEngine", "Glibc", "system calls go through TailwartSystem, which owns EINTR and descriptors"),
        ("TailwartEngine", "TailwartConfig", "the engine sees snapshots; where they come from is not its business"),
        ("TailwartEngine", "TailwartResolve", "a worker never resolves a name"),
        ("TailwartConfig", "TailwartSystem", "a configuration can be checked on a machine that will never run it"),
        ("TailwartCore", "NIOCore", "health arithmetic is numbers; who probes is another's business"),
        ("TailwartProbe", "TailwartEngine", "a probe stands outside, as a client does, and meets what a client meets"),
        ("TailwartResolve", "TailwartTailnet", "the resolver is told what tailscaled says; it asks name servers only"),
        ("TailwartPolicy", "TailwartTailnet", "a policy is text; it can be made and checked far from any tailnet"),
        ("TailwartImport", "TailwartSystem", "a foreign file can be read on a machine that will never run it"),
        (
            "TailwartSandbox", "TailwartEngine",
            "the sandbox stands behind the edge as a mail server would, over sockets only"
        ),
        ("TailwartControl", "TailwartSandbox", "an edge in production has no sandbox in it"),
    ]

    private static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources")

    /// Every `import` of every file of a target.
    private func imports(of target: String) throws -> [(file: String, module: String)] {
        let folder = Self.sources.appending(path: target)
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
        #expect(!files.isEmpty, "\(target) has no files: the test looks in the wrong place")
        return try files.flatMap { file in
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            return text.split(separator: "\n").compactMap { line -> (file: String, module: String)? in
                let words = line.split(separator: " ")
                guard let position = words.firstIndex(of: "import"), position + 1 < words.count,
                    words[..<position].allSatisfy({ $0.hasPrefix("@") || $0 == "package" || $0 == "public" })
                else { return nil }
                let module = words[(position + 1)...].first {
                    !["struct", "class", "enum", "func", "protocol"].contains($0)
                }
                return module.map { (file, String($0.prefix { $0 != "." })) }
            }
        }
    }

    @Test(arguments: allowed.keys.sorted())
    func `a target imports only what the picture allows`(target: String) throws {
        let allowed = try #require(Self.allowed[target])
        for (file, module) in try imports(of: target) where !allowed.contains(module) {
            Issue.record("\(target)/\(file) imports \(module): see the picture in docs/architecture.md")
        }
    }

    @Test func `every target is in the picture`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path)
            .filter { !$0.hasPrefix("C") && !$0.hasPrefix(".") }
        #expect(Set(folders) == Set(Self.allowed.keys))
    }

    @Test func `a forbidden pair is not allowed by the table, and says why`() throws {
        for (target, module, reason) in Self.forbidden {
            #expect(Self.allowed[target]?.contains(module) == false, "\(target) must not import \(module): \(reason)")
            #expect(!reason.isEmpty)
        }
    }

    @Test func `nothing is public: this is a program and not a library`() throws {
        for target in Self.allowed.keys {
            let folder = Self.sources.appending(path: target)
            for file in try FileManager.default.subpathsOfDirectory(atPath: folder.path) where file.hasSuffix(".swift")
            {
                let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
                #expect(!text.contains("\npublic ") && !text.contains("    public "), "\(target)/\(file)")
            }
        }
    }

    /// The escape hatch from the concurrency checks, with a budget.
    @Test func `unchecked Sendable is used at most three times`() throws {
        var uses: [String] = []
        for target in Self.allowed.keys {
            let folder = Self.sources.appending(path: target)
            for file in try FileManager.default.subpathsOfDirectory(atPath: folder.path) where file.hasSuffix(".swift")
            {
                let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
                uses += text.split(separator: "\n").filter { $0.contains(": @unchecked Sendable") }.map { _ in
                    "\(target)/\(file)"
                }
            }
        }
        #expect(uses.count <= 3, "\(uses)")
    }
}
