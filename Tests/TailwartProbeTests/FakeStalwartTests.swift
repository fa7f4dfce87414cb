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

    private static let header = written {
        ProxyHeader.writeV2(
            client: InternetAddress(.v4(0xcb00_7107), port: 4711), destination: InternetAddress(.loopbackV4, port: 25),
            into: &$0)
    }
    private static let local = written { ProxyHeader.writeV2Local(into: &$0) }

    private static func written(_ write: (inout MutableSpan<UInt8>) -> Int) -> [UInt8] {
        var memory = [UInt8](repeating: 0, count: ProxyHeader.maximumWrittenLength)
        var span = memory.mutableSpan
        let count = write(&span)
        return Array(memory.prefix(count))
    }

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

    @Test func `as many bad commands are answered as the limit says, and the next is the last`() async throws {
        var settings = FakeStalwart.Settings()
        settings.banLimit = 5
        try await withStalwart(settings) { fake in
            let answer = try read(
                fake.address(.smtp), Array((String(repeating: "NOISE\r\n", count: 5) + "QUIT\r\n").utf8))
            #expect(answer.split(separator: "500 5.5.1").count == 6)
            #expect(fake.bannedAddresses.isEmpty)
            let sixth = try read(fake.address(.smtp), Array("NOISE\r\nNOOP\r\n".utf8))
            #expect(sixth.split(separator: "\r\n").count == 1, "the greeting: \(sixth)")
            #expect(fake.bannedAddresses == [.loopbackV4])
        }
    }

    @Test func `clients behind a banned edge are served, and its own connections are closed`() async throws {
        var settings = FakeStalwart.Settings()
        settings.banLimit = 0
        try await withStalwart(settings) { fake in
            _ = try read(fake.address(.smtp), Array("NOISE\r\n".utf8))
            #expect(fake.bannedAddresses == [.loopbackV4])
            try await fake.configure { $0.trusted = FakeStalwart.Settings.trusting().trusted }
            let quit = Array("QUIT\r\n".utf8)
            #expect(try read(fake.address(.smtp), Self.header + quit).hasPrefix("220 mail.example.org Stalwart ESMTP"))
            #expect(fake.counters.dropped == 0)

            let edge = try TestSocket.connect(to: fake.address(.smtp))
            #expect(!edge.wait(for: 1, milliseconds: 200), "a ban is seen behind the header")
            try edge.send(Self.local + quit)
            #expect(try edge.receiveToEnd().bytes.isEmpty)
            #expect(try read(fake.address(.https)).isEmpty, "without a header it is the edge that comes")
            #expect(fake.counters.dropped == 2)
        }
    }

    @Test func `what an administrator blocks or allows is obeyed when it is read, and a ban of its own at once`()
        async throws
    {
        let quit = Array("QUIT\r\n".utf8)
        try await withStalwart { fake in
            func isServed() throws -> Bool { try read(fake.address(.smtp), quit).hasPrefix("220 ") }
            fake.block(.loopbackV4)
            #expect(try isServed())
            fake.reloadBlockedIPs()
            #expect(try !isServed())
            fake.unblock(.loopbackV4)
            #expect(try !isServed())
            fake.reloadBlockedIPs()
            #expect(try isServed())

            fake.block(.loopbackV4)
            fake.allow(.loopbackV4)
            fake.reloadBlockedIPs()
            #expect(try !isServed())
            await fake.stop()
            try await fake.resume()
            #expect(try isServed())
        }
    }

    @Test func `it takes mail, keeps its ports over a restart, and counts clients that say nothing`() async throws {
        try await withStalwart { fake in
            let mail = "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nHello\r\n.\r\nQUIT\r\n"
            let taken = try read(fake.address(.submission), Array("EHLO x.example.net\r\n\(mail)".utf8))
            #expect(taken.contains("250 2.0.0 Message queued."))
            #expect(fake.counters.messages == 1 && fake.counters.invalidCommands == 0)
            let refused = try read(fake.address(.submission), Array("EHLO x\r\n\(mail)".utf8))
            #expect(
                refused.contains("\r\n550 5.5.0 Invalid EHLO domain.\r\n503 5.5.1 Polite people say EHLO first.\r\n"))
            #expect(fake.counters.messages == 1)

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
