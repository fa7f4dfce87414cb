import TailwartTesting
import Testing

extension MailTests {
    @Suite(.serialized) struct PostfixTests {
        @Test(.timeLimit(.minutes(2)), arguments: ["v2", "v1"], ["127.0.0.5", "::1"])
        func `a message sent with STARTTLS carries the client's address`(version: String, client: String) async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let postfix = try await mailbox.startPostfix()
                let port = try FreePort.take()
                // One listener for both families: the IPv4 client must not arrive as ::ffff:127.0.0.5.
                _ = try await EdgeProcess(
                    on: host, ports: [port],
                    """
                    mailbox:
                      address: 127.0.0.1
                      ports: {\(port): \(postfix.port)}
                      proxy_protocol: \(version)
                    """)

                let swaks = Swaks(folder: host.folder, port: port)
                #expect(try await swaks.send(from: client, subject: "first") == 0)

                let shown = client.contains(":") ? "IPv6:\(client)" : client
                let received = try await mailbox.mail.message(containing: "Subject: first").text
                #expect(received.contains("Received: from client.example.net (unknown [\(shown)])"))
                #expect(received.contains("with ESMTPS id"), "the message came over STARTTLS")
                try await postfix.logLine(containing: ": client=unknown[\(client)]")
                #expect(!postfix.log.text.contains("unknown[127.0.0.1]"))
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `the record of a delivery names its client and its upstream and counts its bytes`() async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let postfix = try await mailbox.startPostfix()
                let port = try FreePort.take()
                let edge = try await EdgeProcess(
                    on: host, ports: [port],
                    """
                    upstreams:
                      mailbox: {endpoints: ["127.0.0.1:\(postfix.port)"], proxy_protocol: v2, health: off}
                    listeners:
                      - {name: mx, bind: ["127.0.0.1:\(port)"], protocol: smtp, to: mailbox}
                    """)

                let body = String(repeating: "A line of a message.\n", count: 1000)
                let swaks = Swaks(folder: host.folder, port: port)
                #expect(try await swaks.send(from: "127.0.0.9", subject: "counted", body: body) == 0)

                let record = try await edge.record(of: "127.0.0.9")
                #expect(record.listener == "mx")
                #expect(record.upstream == "mailbox")
                #expect(record.upstreamAddress == "127.0.0.1:\(postfix.port)")
                #expect(record.serverName == nil, "nothing is read from a client that waits for the server")
                // swaks closes without reading the end of TLS, which the kernel may tell as an abort.
                #expect(["closed", "reset"].contains(record.reason), "\(record.reason)")
                // Over TLS, with a greeting and a handshake both ways: more than the body, and not twice as much.
                #expect((body.utf8.count..<2 * body.utf8.count).contains(record.bytesIn), "\(record.bytesIn)")
                #expect((500..<20_000).contains(record.bytesOut), "\(record.bytesOut)")
                #expect(edge.records.count == 1)
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `mail waits while the upstream is down and passes when it is back`() async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let postfixPort = try FreePort.take()
                let port = try FreePort.take()
                let edge = try await EdgeProcess(
                    on: host, ports: [port],
                    """
                    upstreams:
                      mailbox: {endpoints: ["127.0.0.1:\(postfixPort)"], proxy_protocol: v2, health: off}
                    listeners:
                      - {name: mx, bind: [":\(port)"], protocol: smtp, to: mailbox}
                    """)

                let swaks = Swaks(folder: host.folder, port: port)
                #expect(try await swaks.send(from: "127.0.0.10", subject: "early") != 0)
                let refused = try await edge.record(of: "127.0.0.10")
                #expect(refused.endedBy == "upstream")
                #expect(refused.reason == "upstream_refused")

                let postfix = try await mailbox.startPostfix(port: postfixPort)
                #expect(try await swaks.send(from: "127.0.0.11", subject: "late") == 0)
                try await mailbox.mail.message(containing: "Subject: late")
                try await postfix.logLine(containing: ": client=unknown[127.0.0.11]")

                await postfix.process.stop()
                #expect(try await swaks.send(from: "127.0.0.12", subject: "after") != 0)
                #expect(try await edge.record(of: "127.0.0.12").reason == "upstream_refused")
                #expect(edge.process.isRunning)
            }
        }
    }
}
