import TailwartTesting
import Testing

extension MailTests {
    @Suite(.serialized) struct DovecotTests {
        @Test(.timeLimit(.minutes(2)), arguments: ["v2", "v1"])
        func `Dovecot logs the client's address`(version: String) async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let dovecot = try await mailbox.startDovecot()
                let (imaps, pop3s, sieve) = (try FreePort.take(), try FreePort.take(), try FreePort.take())
                let edge = try await EdgeProcess(
                    on: host, ports: [imaps, pop3s, sieve],
                    """
                    upstreams:
                      mailbox: {endpoints: [127.0.0.1], proxy_protocol: \(version), health: off}
                    listeners:
                      - {name: imaps, bind: [":\(imaps)"], protocol: imaps, routes: [{to: "mailbox:\(dovecot.imaps)"}]}
                      - {name: pop3s, bind: [":\(pop3s)"], protocol: pop3s, routes: [{to: "mailbox:\(dovecot.pop3s)"}]}
                      - {name: sieve, bind: [":\(sieve)"], protocol: sieve, routes: [{to: "mailbox:\(dovecot.sieve)"}]}
                    """)

                let listing = try await mailbox.curl.fetchMail(
                    "imaps://\(PostfixServer.hostName)/", port: imaps, from: "127.0.0.6")
                #expect(String(decoding: listing, as: UTF8.self).contains("INBOX"))
                try await dovecot.logLine(containing: "imap-login: Info: Login:", "rip=127.0.0.6,")

                _ = try await mailbox.curl.fetchMail(
                    "pop3s://\(PostfixServer.hostName)/", port: pop3s, from: "127.0.0.7")
                try await dovecot.logLine(containing: "pop3-login: Info: Login:", "rip=127.0.0.7,")

                let session = try SecureSession(
                    to: sieve, from: "127.0.0.8", serverName: .none, startTLS: "sieve",
                    authority: mailbox.certificates.authority, on: host)
                try await session.receive("TLS negotiation successful")
                try session.send("LOGOUT")
                try await session.receive("Logout completed")
                try await dovecot.logLine(containing: "managesieve-login: Info:", "rip=127.0.0.8,", ", TLS")

                #expect(!dovecot.log.text.contains("rip=127.0.0.1,"))
                #expect(try await edge.record(of: "127.0.0.6").listener == "imaps")
                #expect(try await edge.record(of: "127.0.0.7").listener == "pop3s")
                #expect(try await edge.record(of: "127.0.0.8").listener == "sieve")
            }
        }
    }
}
