import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

/// The fake itself: that it behaves as the notes on Stalwart's source say.
@Suite struct FakeStalwartTests {
    private func read(_ address: InternetAddress, _ bytes: [UInt8] = []) throws -> String {
        let client = try TestSocket.connect(to: address)
        if !bytes.isEmpty { try client.send(bytes) }
        return String(decoding: try client.receiveToEnd().bytes, as: UTF8.self)
    }

    private static let header: [UInt8] = {
        var memory = [UInt8](repeating: 0, count: ProxyHeader.maximumWrittenLength)
        var span = memory.mutableSpan
        let count = ProxyHeader.writeV2(
            client: InternetAddress(.v4(0xcb00_7107), port: 4711), destination: InternetAddress(.loopbackV4, port: 25),
            into: &span)
        return Array(memory.prefix(count))
    }()

    @Test func `from an address that is not trusted a header is three bad commands and a QUIT`() async throws {
        try await withStalwart { fake in
            let answer = try read(fake.address(.smtp), Array(Self.header.prefix(12)))
            let lines = answer.split(separator: "\r\n")
            #expect(lines.first?.hasPrefix("220 mail.example.org Stalwart") == true)
            #expect(lines.dropFirst().prefix(3).allSatisfy { $0 == "500 5.5.1 Invalid command." })
            #expect(lines.last == "221 2.0.0 Bye.")
            #expect(fake.counters.invalidCommands == 3)
            #expect(try read(fake.address(.imaps), Self.header) == "\u{15}\u{3}\u{3}\0\u{2}\u{2}2")
        }
    }

    @Test func `from a trusted address nothing is said before a header, and the client in it is greeted`() async throws
    {
        try await withStalwart(.trusting()) { fake in
            let client = try TestSocket.connect(to: fake.address(.smtp))
            #expect(!client.wait(for: 1, milliseconds: 200), "not a byte, and no end")
            try client.send(Self.header + Array("QUIT\r\n".utf8))
            let answer = String(decoding: try client.receiveToEnd().bytes, as: UTF8.self)
            #expect(answer.contains("203.0.113.7\r\n221 "))
            #expect(fake.counters.clients == [InternetAddress(.v4(0xcb00_7107), port: 4711)])
            #expect(try read(fake.address(.smtp), Array("EHLO without a header\r\n".utf8)).isEmpty)
            #expect(fake.counters.headerErrors == 1)
        }
    }

    @Test func `thirty bad commands ban an address, behind a header or before it`() async throws {
        try await withStalwart(.trusting()) { fake in
            let noise = Array(String(repeating: "NOISE\r\n", count: 40).utf8)
            #expect(try read(fake.address(.smtp), Self.header + noise).split(separator: "500 5.5.1").count == 31)
            #expect(fake.bannedAddresses == [.v4(0xcb00_7107)])
            #expect(try read(fake.address(.smtp), Self.header).isEmpty)
            #expect(fake.counters.dropped == 1)

            try await fake.configure { $0.trusted = [] }
            _ = try read(fake.address(.pop3), noise)
            #expect(fake.bannedAddresses.contains(.loopbackV4))
            #expect(try read(fake.address(.https)).isEmpty)
            fake.forgive()
            #expect(try read(fake.address(.pop3), Array("QUIT\r\n".utf8)).hasPrefix("+OK"))
        }
    }

    @Test func `it takes mail, keeps its ports over a restart, and counts clients that say nothing`() async throws {
        try await withStalwart { fake in
            let mail = "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nHello\r\n.\r\nQUIT\r\n"
            #expect(try read(fake.address(.submission), Array(mail.utf8)).contains("250 2.0.0 Message queued."))
            #expect(fake.counters.messages == 1 && fake.counters.invalidCommands == 0)

            await fake.stop()
            #expect(throws: (any Error).self) { try TestSocket.connect(to: fake.address(.smtp)) }
            try await fake.resume()
            try TestSocket.connect(to: fake.address(.smtp)).close()
            try await eventually("the empty connection is counted") {
                fake.counters.emptyConnections == 1 ? true : nil
            }
            let page = try read(
                InternetAddress(.loopbackV4, port: fake.setupPort), Array("GET /healthz/live HTTP/1.1\r\n\r\n".utf8))
            #expect(page.hasPrefix("HTTP/1.1 200 OK"))
        }
    }
}
