import Foundation
import TailwartTesting
import Testing

extension MailTests {
    /// The whole way of a message: in through the edge to Postfix, out through the edge from Dovecot.
    @Suite(.serialized) struct DeliveryTests {
        @Test(.timeLimit(.minutes(2)))
        func `IMAP IDLE stays up while silent and then tells of a new message`() async throws {
            try await run { host, mailbox, smtp, imaps in
                let session = try SecureSession(
                    to: imaps, from: "127.0.0.13", serverName: .name(PostfixServer.hostName),
                    authority: mailbox.certificates.authority, on: host)
                try await session.receive("* OK")
                try session.send("a LOGIN \(MailFolder.user) \(MailFolder.password)")
                try await session.receive("a OK")
                try session.send("b SELECT INBOX")
                try await session.receive("b OK")
                #expect(session.transcript.contains("* 0 EXISTS"))
                try session.send("c IDLE")
                try await session.receive("+ idling")

                try await Task.sleep(for: .seconds(4))
                #expect(session.process.isRunning)
                #expect(!session.transcript.contains("* 1 EXISTS"))

                #expect(try await smtp.send(from: "127.0.0.14", subject: "awaited") == 0)
                try await session.receive("* 1 EXISTS")
                try session.send("DONE")
                try await session.receive("c OK")
                try session.send("d FETCH 1 BODY[HEADER.FIELDS (SUBJECT)]")
                try await session.receive("Subject: awaited")
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `a message of five megabytes arrives and is fetched unchanged`() async throws {
            try await run { host, mailbox, smtp, imaps in
                let seed = UInt64.random(in: .min ... .max)
                print("seed: \(seed)")
                let body = Self.body(lines: 5 * 1024 * 1024 / 77, seed: seed)
                #expect(try await smtp.send(from: "127.0.0.15", subject: "large", body: body) == 0)

                let delivered = try await mailbox.mail.message(containing: "Subject: large").text
                // Compared outside the macro, which would otherwise print both.
                let arrived = delivered.hasSuffix("\n\n\(body)\n")
                #expect(arrived, "what Postfix delivered is what swaks sent")

                let fetched = try await mailbox.curl.fetchMail(
                    "imaps://\(PostfixServer.hostName)/INBOX;MAILINDEX=1", port: imaps, from: "127.0.0.16")
                let expected = delivered.replacingOccurrences(of: "\n", with: "\r\n")
                let unchanged = fetched == Data(expected.utf8)
                #expect(unchanged, "what curl fetched is what Postfix delivered")
            }
        }

        private func run(_ body: (TestHost, Mailbox, Swaks, _ imaps: UInt16) async throws -> Void) async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let postfix = try await mailbox.startPostfix()
                let dovecot = try await mailbox.startDovecot()
                let (smtp, imaps) = (try FreePort.take(), try FreePort.take())
                _ = try await EdgeProcess(
                    on: host, ports: [smtp, imaps],
                    """
                    mailbox:
                      address: 127.0.0.1
                      ports: {\(smtp): \(postfix.port), \(imaps): \(dovecot.imaps)}
                    """)
                try await body(host, mailbox, Swaks(folder: host.folder, port: smtp), imaps)
            }
        }

        /// Lines of 76 letters and digits that depend on the seed alone.
        private static func body(lines: Int, seed: UInt64) -> String {
            let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
            var state = seed
            var bytes: [UInt8] = []
            bytes.reserveCapacity(lines * 77)
            for _ in 0..<lines {
                for _ in 0..<76 {
                    // Knuth's MMIX generator; its upper bits are the good ones.
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    bytes.append(alphabet[Int(state >> 58)])
                }
                bytes.append(UInt8(ascii: "\n"))
            }
            return String(decoding: bytes.dropLast(), as: UTF8.self)
        }
    }
}
