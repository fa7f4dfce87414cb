import Foundation
import Glibc
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    @Suite struct DescriptorLimit {
        @Test func `64 descriptors and 200 clients at once: some are turned away and the edge is well`() async throws {
            try await TestHost.run { host in
                let mailbox = try Echo.mailbox()
                let port = try FreePort.take()
                let edge = try await EdgeProcess(
                    on: host, ports: [port], under: ["prlimit", "--nofile=64:64"],
                    Echo.configuration(listeningOn: "127.0.0.1:\(port)", upstream: "\(mailbox.address)"))
                try await edge.event(containing: "this process may open only 64 descriptors")

                let clients = try (0..<200).map { _ in try Echo.connect(to: port) }
                // Whoever is not served is told so: an answer or an end for each.
                var served = 0
                for client in clients {
                    if (try? client.echo()) == true { served += 1 }
                }
                #expect(served > 0)
                try await eventually("a record for each client that was turned away") {
                    edge.records.count == clients.count - served ? true : nil
                }
                #expect(Set(edge.records.map(\.reason)) == ["descriptor_limit"])
                #expect(Set(edge.records.map(\.endedBy)) == ["edge"])

                // The served ones are silent now, and so must the edge be: 1 s is 100 ticks of a processor.
                let before = try edge.process.processorTicks()
                #expect(before > 0, "it has worked, so this counts something")
                try await Task.sleep(for: .seconds(1))
                #expect(try edge.process.processorTicks() - before < 20)

                for client in clients { client.close() }
                try await eventually("a record for each client") { edge.records.count == clients.count ? true : nil }
                for _ in 0..<30 {
                    let client = try Echo.connect(to: port)
                    #expect(try client.echo())
                    client.close()
                }
                edge.process.send(SIGTERM)
                #expect(try await edge.process.exitCode() == 0)
                mailbox.close()
            }
        }
    }
}

extension ChildProcess {
    /// Time of all its threads on a processor, in clock ticks of usually 10 ms (proc_pid_stat(5), fields 14 and 15).
    func processorTicks() throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
        // The second field is a name in parentheses and may hold anything.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Int(fields[12]), let system = Int(fields[13]) else {
            throw TestFailure("/proc/\(id)/stat is not as expected: \(text)")
        }
        return user + system
    }
}
