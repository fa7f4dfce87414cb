import Foundation
import Glibc
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// What a connection costs in system calls; docs/performance.md says of each why it cannot go.
    @Suite struct SystemCalls {
        /// Plain, the server speaks first, PROXY v2, one exchange each way, the client finishes first. A connection alone, so that
        /// each step is a wake-up; `epoll_wait` is left out, since steps may fall together.
        static let budget = [
            "accept4": 1, "socket": 1, "setsockopt": 2, "connect": 1, "sendto": 4, "recvfrom": 5, "epoll_ctl": 2,
            "shutdown": 1, "close": 2,
        ]
        private static let connections = 20

        @Test func `a plain connection costs twenty system calls and not one more`() async throws {
            try await TestHost.run { host in
                let mailbox = try FakeMailbox { connection, _ in
                    // The header of version 2 for IPv4 has 28 bytes.
                    _ = try connection.receive(exactly: 28)
                    try connection.send(Array("220 mail\r\n".utf8))
                    _ = try connection.receive(exactly: 6)
                    try connection.send(Array("250 OK\r\n".utf8))
                    _ = try connection.receiveToEnd()
                }
                let (edge, port) = try await edge(in: front(of: mailbox, "v2"), on: host)
                func serve(_ count: Int) throws {
                    for _ in 0..<count {
                        let client = try Echo.connect(to: port)
                        _ = try client.receive(exactly: 10)
                        try client.send(Array("NOOP\r\n".utf8))
                        _ = try client.receive(exactly: 8)
                        client.finish()
                        _ = try client.receiveToEnd()
                        client.close()
                    }
                }
                // The first ones make the worker's heap.
                try serve(5)
                let calls = try await traced(edge, on: host) { try serve(Self.connections) }
                for (call, times) in Self.budget {
                    #expect(calls[call, default: 0] == times * Self.connections, "\(call)")
                }
                // Waiting, and waking the thread that writes the log.
                let others = Set(calls.keys).subtracting(Self.budget.keys).subtracting(["epoll_wait", "write"])
                #expect(others.isEmpty, "\(others)")
            }
        }

        @Test func `silent connections cost no system calls`() async throws {
            try await TestHost.run { host in
                let mailbox = try Echo.mailbox()
                let (edge, port) = try await edge(in: front(of: mailbox, "none"), on: host)
                let clients = try (0..<200).map { _ in try Echo.connect(to: port) }
                for client in clients { #expect(try client.echo()) }
                let calls = try await traced(edge, on: host) { try await Task.sleep(for: .seconds(2)) }
                #expect(calls.values.reduce(0, +) <= 4, "\(calls)")
                for client in clients { client.close() }
            }
        }

        private func front(of mailbox: FakeMailbox, _ header: String) -> (UInt16) -> String {
            let address = mailbox.address
            return { port in
                """
                workers: 1
                upstreams:
                  mailbox: {endpoints: ["\(address)"], proxy_protocol: \(header)}
                listeners:
                  - {name: smtp, bind: ["127.0.0.1:\(port)"], protocol: smtp, to: mailbox}
                """
            }
        }

        private func edge(
            in configuration: (UInt16) -> String, on host: TestHost
        ) async throws -> (EdgeProcess, UInt16) {
            let port = try FreePort.take()
            return (try await EdgeProcess(on: host, ports: [port], configuration(port)), port)
        }

        /// Counts the system calls of the edge's worker while `body` runs.
        private func traced(
            _ edge: EdgeProcess, on host: TestHost, _ body: () async throws -> Void
        ) async throws -> [String: Int] {
            let trace = host.folder.file("trace")
            let worker = try workerThread(of: edge.process.id)
            let strace = try host.start(
                "strace", try Program("strace", package: "strace"), ["-o", trace.path, "-p", "\(worker)"])
            try await eventually("strace is attached") { strace.errors.text.contains("attached") ? true : nil }
            try await body()
            // The last records are written a moment after their clients know.
            try await Task.sleep(for: .milliseconds(200))
            strace.send(SIGINT)
            _ = try await strace.exitCode()
            var calls: [String: Int] = [:]
            for line in trace.lines {
                guard let end = line.firstIndex(of: "("), line.first?.isLetter == true else { continue }
                calls[String(line[..<end]), default: 0] += 1
            }
            return calls
        }

        /// The only worker's thread, found by its name.
        private func workerThread(of process: Int32) throws -> Int {
            let folder = "/proc/\(process)/task"
            for thread in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let name = try String(contentsOfFile: "\(folder)/\(thread)/comm", encoding: .utf8)
                if name.hasPrefix("worker"), let id = Int(thread) { return id }
            }
            throw TestFailure("the edge has no worker")
        }
    }
}
