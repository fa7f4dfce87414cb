import TailwartTesting
import Testing

extension NetworkTests {
    @Test func `a sending server keeps its mail while the mailbox is away and delivers it later`() async throws {
        try await TestNetwork.run { network in
            let mail = try network.host.folder.makeFolder("mail")
            let edge = try await NetworkEdge(
                in: network, ports: [25],
                """
                tailscale: off
                defaults: {refusal: {host: mx.example.org}}
                upstreams:
                  mailbox:
                    endpoints: [\(TestNetwork.mailbox)]
                    proxy_protocol: v2
                    connect_timeout: 2s
                    health: {interval: 1s, timeout: 2s}
                listeners:
                  - {name: smtp, bind: [":25"], to: mailbox}
                """)
            let postfix = try await SendingPostfix(in: network)
            // Lines with a dot, and enough of them for many packets.
            let body = (1...3000).map { "\($0 % 7 == 0 ? "." : "")line \($0) of a message that must not get lost" }
                .joined(separator: "\n")
            // Its last line is ended on the way.
            try await postfix.queue("From: bob@example.net\nTo: ann@example.org\nSubject: wait\n\n\(body)")

            let deferred = try await postfix.logLine(containing: "status=deferred", "421 4.3.2 mx.example.org")
            print(deferred)
            #expect(deferred.contains("dsn=4.3.2"))
            #expect(network.host.folder.mails.isEmpty)

            let mailbox = try await HomeMailbox(in: network, mail: mail, [.smtp: 25])
            let sent = try await postfix.logLine(containing: "status=sent")
            print(sent)
            let delivered = network.host.folder.mails
            #expect(delivered.count == 1)
            #expect(delivered.first?.text.hasSuffix("\n\n\(body)\n") == true)
            #expect(!postfix.log.text.contains("status=bounced"))
            #expect(mailbox.process.output.text.contains(" \(TestNetwork.clients[0])\n"), "the client's own address")
            // Postfix leaves without reading the answer to its QUIT, so it is not said here how the connection ended.
            _ = try await edge.record("the delivery") { ($0.bytesIn ?? 0) > body.utf8.count }
        }
    }

    @Test func `a sending server loses nothing to a Stalwart that throttles it and has lost its database`() async throws
    {
        try await TestNetwork.run { network in
            let mail = try network.host.folder.makeFolder("mail")
            let database = network.host.folder.file("database")
            let mailbox = try await HomeMailbox(
                in: network, mail: mail, options: ["--throttle", "2", "--database", database.path], [.smtp: 25])
            let edge = try await NetworkEdge(
                in: network, ports: [25],
                """
                tailscale: off
                upstreams:
                  mailbox: {endpoints: [\(TestNetwork.mailbox)], proxy_protocol: v2, health: {interval: 1s, timeout: 2s}}
                listeners:
                  - {name: smtp, bind: [":25"], to: mailbox}
                """)
            let postfix = try await SendingPostfix(in: network)
            try await postfix.queue(20, to: "example.org")
            try await eventually("each has been tried") {
                Set(postfix.attempts.map(\.recipient)).count == 20 ? true : nil
            }
            let first = postfix.attempts
            #expect(first.allSatisfy { $0.status == "deferred" }, "\(postfix.tally)")
            #expect(first.contains { $0.text.contains("451 4.4.3 Unable to verify address at this time.") })
            #expect(mailbox.connections("throttled").count > 0)
            // The edge's word, where Stalwart has none.
            #expect(first.contains { $0.text.contains("421 4.3.2 ") })

            try database.write("")
            try await eventually("all is delivered", within: .seconds(120)) {
                postfix.tally["sent"] == 20 ? true : nil
            }
            #expect(postfix.tally["bounced"] == nil && network.host.folder.mails.count == 20, "\(postfix.tally)")
            #expect(!edge.process.output.text.contains("is unhealthy"))
        }
    }
}

extension TemporaryFolder {
    fileprivate var mails: [TextFile] { files(endingIn: "mailbox.eml") }
}
