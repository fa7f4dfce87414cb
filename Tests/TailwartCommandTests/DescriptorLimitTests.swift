import Foundation
import Glibc
import Synchronization
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
                let line = try await edge.event(containing: "turns clients away")
                #expect(
                    line.message
                        == "this process has used up the 64 descriptors that it may open, and turns clients away; raise the limit "
                        + "(LimitNOFILE= in systemd, ulimits: {nofile: …} in Compose, ulimit -n), or lower max_connections"
                )

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
                let lines = try LogLine.all(in: edge.process.output.text)
                #expect(lines.count { $0.message.contains("turns clients away") } == 1, "it is said once")
                mailbox.close()
            }
        }

        /// A mailbox that greets, and counts those who speak to it: only probes do.
        private static func mailbox(counting probes: ProbeCount) throws -> FakeMailbox {
            try FakeMailbox { connection, _ in
                try connection.send(Array("220 mail.example.org ESMTP\r\n".utf8))
                while true {
                    let bytes = try connection.receive()
                    if bytes.isEmpty { return }
                    let isHello = bytes.starts(with: "EHLO".utf8)
                    if isHello { probes.number.add(1, ordering: .relaxed) }
                    try connection.send(Array((isHello ? "250 mail.example.org\r\n" : "221 bye\r\n").utf8))
                }
            }
        }

        private final class ProbeCount: Sendable {
            let number = Atomic<Int>(0)

            func grows(by count: Int) async throws {
                let before = number.load(ordering: .relaxed)
                try await eventually("probes go on") { number.load(ordering: .relaxed) >= before + count ? true : nil }
            }
        }

        private static func configuration(_ port: UInt16, _ mailbox: FakeMailbox) -> String {
            """
            workers: 1
            tailscale: off
            upstreams:
              mailbox: {endpoints: ["\(mailbox.address)"], proxy_protocol: none, health: {interval: 1s}}
            listeners:
              - {name: smtp, bind: ["127.0.0.1:\(port)"], protocol: smtp, to: mailbox}
            """
        }

        /// Until one is turned away; those that are served stay.
        private static func connectTooMany(to port: UInt16) throws -> [TestSocket] {
            let clients = try (0..<100).map { _ in try Echo.connect(to: port) }
            let heard = try clients.map { String(decoding: try $0.receive(exactly: 3), as: UTF8.self) }
            // Those over the limit are told the truth.
            #expect(Set(heard) == ["220", "421"] && heard.last == "421")
            return clients
        }

        private static func expectNothingOfTheMailbox(_ text: String) {
            for word in ["unreachable", "refused:", "tailnet", "tailscale", "does not resolve", "unhealthy"] {
                #expect(!text.contains(word), "\(word)")
            }
        }

        @Test func `clients over the limit are told so, probes go on, and nothing is said of the mailbox or the way`()
            async throws
        {
            try await TestHost.run { host in
                let probes = ProbeCount()
                let mailbox = try Self.mailbox(counting: probes)
                let port = try FreePort.take()
                let edge = try await EdgeProcess(
                    on: host, ports: [port], under: ["prlimit", "--nofile=96:96"], Self.configuration(port, mailbox))
                let clients = try Self.connectTooMany(to: port)
                try await edge.event(containing: "this process has used up the 96 descriptors")
                try await probes.grows(by: 2)
                for client in clients { client.close() }
                edge.process.send(SIGTERM)
                #expect(try await edge.process.exitCode() == 0)
                Self.expectNothingOfTheMailbox(edge.process.output.text)
                mailbox.close()
            }
        }

        @Test func `a probe that gets no descriptor says nothing, and where the limit is raised all goes on`()
            async throws
        {
            try await TestHost.run { host in
                let probes = ProbeCount()
                let mailbox = try Self.mailbox(counting: probes)
                let port = try FreePort.take()
                let edge = try await EdgeProcess(
                    on: host, ports: [port], under: ["prlimit", "--nofile=512:512"], Self.configuration(port, mailbox))
                func limit(_ number: Int) async throws {
                    let process = try host.start(
                        "prlimit", try Program("prlimit", package: "util-linux"),
                        ["--pid", "\(edge.process.id)", "--nofile=\(number):512"])
                    #expect(try await process.exitCode() == 0)
                }
                try await probes.grows(by: 1)
                // The edge has taken 512 for its limit, and keeps the last 64 of those for itself: now there are none.
                try await limit(96)
                let clients = try Self.connectTooMany(to: port)
                try await edge.event(containing: "this process has used up the 96 descriptors")
                // Several probes are due meanwhile.
                try await Task.sleep(for: .seconds(4))
                try await limit(512)
                let client = try Echo.connect(to: port)
                #expect(try client.receive(exactly: 3) == Array("220".utf8))
                client.close()
                try await probes.grows(by: 1)
                for client in clients { client.close() }
                edge.process.send(SIGTERM)
                #expect(try await edge.process.exitCode() == 0)
                Self.expectNothingOfTheMailbox(edge.process.output.text)
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
