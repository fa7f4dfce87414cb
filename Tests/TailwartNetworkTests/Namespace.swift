import Foundation
import Glibc
import TailwartTesting

/// A network namespace (network_namespaces(7)) that lives as long as a process of the test's: with the test, or with the tests' own
/// process if that crashes, the namespace is gone and everything in it.
struct Namespace: Sendable {
    private let name: String
    private let holder: ChildProcess
    private let host: TestHost

    init(_ name: String, on host: TestHost) async throws {
        guard geteuid() == 0 else {
            throw TestFailure("network namespaces must be made by root; run: sudo make test")
        }
        self.name = name
        self.host = host
        let unshare = try Program("unshare", package: "util-linux")
        let holder = try host.start("namespace-\(name)", unshare, ["--net", "sleep", "infinity"])
        self.holder = holder
        let files = FileManager.default
        let outside = try files.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
        try await eventually("the namespace \(name) is there") { () throws -> Bool? in
            guard holder.isRunning else { throw TestFailure("no namespace \(name)\n\(holder.tail)") }
            return try files.destinationOfSymbolicLink(atPath: "/proc/\(holder.id)/ns/net") == outside ? nil : true
        }
    }

    /// The process that holds it.
    var processID: Int32 { holder.id }

    /// For `nsenter --net=` and setns(2).
    var path: String { "/proc/\(holder.id)/ns/net" }

    /// Starts a program that runs until the test ends or ``ChildProcess/stop()`` is called.
    ///
    /// - Parameter name: of the program's output in the test's folder.
    func start(_ name: String, _ program: Program, _ arguments: [String], input: Pipe? = nil) throws -> ChildProcess {
        // Becomes the program, so that the process is the program's.
        let nsenter = try Program("nsenter", package: "util-linux")
        return try host.start(name, nsenter, ["--net=\(path)", program.path] + arguments, input: input)
    }

    /// Runs a program to its end, which has to be a good one.
    @discardableResult
    func run(_ name: String, _ program: Program, _ arguments: [String]) async throws -> ChildProcess {
        let process = try start(name, program, arguments)
        let code = try await process.exitCode()
        guard code == 0 else { throw TestFailure("\(name) in \(self.name) ended with \(code)\n\(process.tail)") }
        return process
    }

    /// Runs commands of `ip`, one a line.
    func ip(_ commands: String) async throws {
        let file = host.folder.file("\(name).ip")
        try file.write(commands + "\n")
        try await run("ip-\(name)", Program("ip", package: "iproute2"), ["-batch", file.path])
    }

    /// Runs commands of `nft`.
    func nft(_ commands: String) async throws {
        let file = host.folder.file("\(name).nft")
        try file.write(commands + "\n")
        try await run("nft-\(name)", Program("nft", package: "nftables"), ["--file", file.path])
    }
}
