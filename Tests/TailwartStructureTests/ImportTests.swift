import Foundation
import Testing

/// Who may import whom: what Package.swift declares, and nothing that comes along with it.
@Suite struct ImportTests {
    /// What the toolchain brings, by target; see ``allowed``.
    private static func toolchain(_ target: String) -> Set<String> {
        switch target {
        // Bytes to values and back.
        case "TailwartWire": []
        // Decisions: no clock, no system call.
        case "TailwartCore": ["Synchronization"]
        case "TailwartEngine", "TailwartMicrobenchmarks": ["Synchronization"]
        case "TailwartTesting": ["Foundation", "Glibc", "Synchronization", "Testing"]
        default: ["Glibc", "Synchronization"]
        }
    }

    /// The modules that each target may import: the dependencies that Package.swift declares for it, and what the toolchain brings.
    static let allowed: [String: Set<String>] = {
        guard let text = try? String(contentsOf: package, encoding: .utf8) else { return [:] }
        let products = Dictionary(
            text.matches(of: /let (\w+) = Target\.Dependency\.product\(name: "(\w+)"/).map {
                (String($0.1), String($0.2))
            }
        ) { first, _ in first }
        var allowed: [String: Set<String>] = [:]
        for match in text.matches(
            of: /\.(?:target|executableTarget)\(\s*name: "(\w+)"(?:,\s*dependencies: \[([^\]]*)\])?/)
        {
            let target = String(match.1)
            guard !target.hasPrefix("C") else { continue }
            let names = (match.2 ?? "").split { !$0.isLetter && !$0.isNumber }.map(String.init)
            allowed[target] = Set(names.map { products[$0] ?? $0 }).union(toolchain(target))
        }
        return allowed
    }()

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
        ("TailwartSystem", "TailwartCore", "a system call knows nothing of listeners and routes"),
        ("TailwartEngine", "Foundation", "the data plane carries no weight that it does not use"),
        (
            "TailwartEngine", "NIOCore",
            "the engine is the one thing that is ours; two event loops would be one too many"
        ),
        ("TailwartEngine", "Logging", "a worker writes fixed-size records; formatting is another thread's"),
        ("TailwartEngine", "Glibc", "system calls go through TailwartSystem, which owns EINTR and descriptors"),
        ("TailwartEngine", "TailwartConfig", "the engine sees topologies; where they come from is not its business"),
        ("TailwartControl", "TailwartConfig", "the edge runs values; who reads them from a file is the command"),
        (
            "TailwartPreflight", "TailwartConfig",
            "what is looked at are values; who reads them from a file is the command"
        ),
        ("TailwartEngine", "TailwartResolve", "a worker never resolves a name"),
        (
            "TailwartAdmin", "TailwartEngine",
            "the admin interface knows the edge through a view, so that it can be tried without one"
        ),
        ("TailwartConfig", "TailwartSystem", "a configuration can be checked on a machine that will never run it"),
        ("TailwartCore", "NIOCore", "health arithmetic is numbers; who probes is another's business"),
        (
            "TailwartProbe", "CTailwartTLS",
            "OpenSSL's pointers stay in one target; everybody else speaks of certificates and connections"
        ),
        (
            "TailwartClient", "TailwartEngine",
            "who talks to somebody stands outside the data plane, and never borrows its sockets"
        ),
        ("TailwartProbe", "TailwartEngine", "a probe stands outside, as a client does, and meets what a client meets"),
        (
            "TailwartProbe", "TailwartConfig",
            "a probe is told whom to ask, and asks the same for gate, check and health"
        ),
        ("TailwartResolve", "TailwartTailnet", "the resolver is told what tailscaled says; it asks name servers only"),
        ("TailwartSetup", "TailwartTailnet", "a policy is text; it can be made and checked far from any tailnet"),
        ("TailwartSetup", "NIOCore", "what it reads and writes are files, on machines that will never run an edge"),
        ("TailwartImport", "TailwartSystem", "a foreign file can be read on a machine that will never run it"),
        (
            "TailwartSandbox", "TailwartEngine",
            "the sandbox stands behind the edge as a mail server would, over sockets only"
        ),
        ("TailwartControl", "TailwartSandbox", "an edge in production has no sandbox in it"),
    ]

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let package = root.appending(path: "Package.swift")
    private static let sources = root.appending(path: "Sources")

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
    func `a target imports only what Package.swift declares for it`(target: String) throws {
        let allowed = try #require(Self.allowed[target])
        for (file, module) in try imports(of: target) where !allowed.contains(module) {
            Issue.record("\(target)/\(file) imports \(module): Package.swift does not declare it")
        }
    }

    @Test func `every target is in Package.swift, and declares nothing that it does not import`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path)
            .filter { !$0.hasPrefix("C") && !$0.hasPrefix(".") }
        #expect(Set(folders) == Set(Self.allowed.keys))
        for (target, allowed) in Self.allowed {
            let unused = allowed.subtracting(try imports(of: target).map(\.module)).subtracting(Self.toolchain(target))
            #expect(unused.isEmpty, "\(target) declares what it does not import")
        }
    }

    @Test func `a forbidden pair is not declared, and says why`() throws {
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
