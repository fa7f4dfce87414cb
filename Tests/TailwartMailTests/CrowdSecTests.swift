import TailwartTesting
import TailwartWire
import Testing

extension MailTests {
    /// A real CrowdSec says whom the edge turns away.
    @Suite(.serialized) struct CrowdSecTests {
        /// Whether a client behind a proxy gets the mailbox's greeting.
        private static func isLetIn(_ client: String, at port: UInt16) throws -> Bool {
            let socket = try TestSocket.connect(to: InternetAddress(.loopbackV4, port: port))
            defer { socket.close() }
            let family = client.contains(":") ? "TCP6 \(client) 2001:db8:1::1" : "TCP4 \(client) 192.0.2.1"
            try socket.send(Array("PROXY \(family) 40212 25\r\n".utf8))
            return ((try? socket.receive()).map { String(decoding: $0, as: UTF8.self) } ?? "").hasPrefix("220 mailbox")
        }

        private static func waits(for client: String, toBeLetIn isLetIn: Bool, at port: UInt16) async throws {
            try await eventually("\(client) let in: \(isLetIn)") {
                try Self.isLetIn(client, at: port) == isLetIn ? true : nil
            }
        }

        @Test(.timeLimit(.minutes(4)))
        func `what CrowdSec decides is in force here, and holds while it is away`() async throws {
            try await TestHost.run { host in
                let crowdsec = try await CrowdSecServer(on: host)
                let mailbox = try FakeMailbox { connection, _ in
                    try connection.send(Array("220 mailbox ESMTP\r\n".utf8))
                    _ = try connection.receive()
                }
                defer { mailbox.close() }
                let port = try FreePort.take()
                let edge = try await EdgeProcess(
                    on: host, ports: [port],
                    """
                    limits: off
                    bans:
                      file: off
                      strikes: off
                      crowdsec: {url: "http://127.0.0.1:\(crowdsec.port)", key_file: \(crowdsec.key.path)}
                    upstreams:
                      mailbox: {endpoints: ["127.0.0.1:\(mailbox.address.port)"], proxy_protocol: none, health: off}
                    listeners:
                      - name: smtp
                        bind: ["127.0.0.1:\(port)"]
                        protocol: smtp
                        proxy_protocol_in: {trusted: [127.0.0.1]}
                        routes: [{to: mailbox}]
                    """)
                #expect(try Self.isLetIn("203.0.113.7", at: port))

                try await crowdsec.order("decisions", "add", "--ip", "203.0.113.7", "--duration", "2h")
                try await crowdsec.order("decisions", "add", "--ip", "203.0.113.7", "--duration", "4h")
                try await crowdsec.order("decisions", "add", "--range", "198.51.100.0/24")
                try await crowdsec.order("decisions", "add", "--ip", "2001:db8:7::7")
                try await Self.waits(for: "203.0.113.7", toBeLetIn: false, at: port)
                try await Self.waits(for: "198.51.100.77", toBeLetIn: false, at: port)
                try await Self.waits(for: "2001:db8:7::8", toBeLetIn: false, at: port)
                #expect(try Self.isLetIn("203.0.113.8", at: port))
                try await eventually("the record says so") {
                    edge.records.contains { $0.reason == "client_banned" } ? true : nil
                }

                // The one that ends last goes first: without `dedup=false` that would be the end of both.
                try await crowdsec.order("decisions", "delete", "--id", "2")
                try await crowdsec.order("decisions", "delete", "--range", "198.51.100.0/24")
                try await Self.waits(for: "198.51.100.77", toBeLetIn: true, at: port)
                #expect(try !Self.isLetIn("203.0.113.7", at: port))
                try await crowdsec.order("decisions", "delete", "--ip", "203.0.113.7")
                try await Self.waits(for: "203.0.113.7", toBeLetIn: true, at: port)

                await crowdsec.process.stop()
                try await eventually("the edge says that CrowdSec is away") {
                    edge.process.output.text.contains("\"event\":\"list_failed\"") ? true : nil
                }
                #expect(try !Self.isLetIn("2001:db8:7::8", at: port))
                #expect(try Self.isLetIn("203.0.113.7", at: port))
            }
        }
    }
}
