import Foundation
import TailwartClient
import TailwartCore
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartControl

/// Where Stalwart's webhook is listened for.
@Suite(.ownThreads) struct WebhookServerTests {
    private func post(_ body: String, key: String, to port: UInt16) throws -> String {
        let socket = try TestSocket.connect(to: InternetAddress(.loopbackV4, port: port))
        defer { socket.close() }
        let signature = Base64.encode(SHA256.hmac(key: Array(key.utf8), Array(body.utf8)))
        let head = """
            POST / HTTP/1.1\r\nHost: edge:8025\r\nX-Signature: \(signature)\r\nContent-Length: \(body.utf8.count)\r\n\
            Connection: close\r\n\r\n
            """
        try socket.send(Array((head + body).utf8))
        return try String(String(decoding: socket.receiveToEnd().bytes, as: UTF8.self).prefix(12))
    }

    @Test func `what Stalwart says over HTTP is in force when it is answered, with the key of the file`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let key = folder.file("key")
        try key.write("secret\n")
        chmod(key.path, 0o600)
        let ledger = try Ledger()
        let said = try ledger.subscribe(from: .info)
        try ledger.start()
        let keeper = try BanKeeper(
            BanSettings(file: nil), ledger: ledger, surroundings: .init(own: { [] }, owners: { [] }, publish: { _ in }))
        let port = try FreePort.take()
        let settings = BanSettings.Webhook(
            listen: .internet(InternetAddress(.loopbackV4, port: port)), keyFile: key.path)
        let server = try WebhookServer(nil, of: keeper, ledger: ledger)
        server.serve(settings)
        let time = UTCTime(seconds: Int(Clock.wall() / 1_000_000))
        let body = """
            {"events":[{"id":"1","createdAt":"\(time)","type":"security.scan-ban","data":{"remoteIp":"203.0.113.50"}}]}
            """
        try await eventually("it listens") { (try? post(body, key: "other", to: port)) == "HTTP/1.1 401" ? true : nil }
        #expect(keeper.book.bans.isEmpty)
        #expect(try post(body, key: "secret", to: port) == "HTTP/1.1 200")
        #expect(keeper.book.bans.map(\.network) == [Network(.v4(0xcb00_7132))])
        #expect(try post("{}", key: "secret", to: port) == "HTTP/1.1 400")
        chmod(key.path, 0o644)
        #expect(try post(body, key: "secret", to: port) == "HTTP/1.1 503")
        server.serve(nil)
        try await eventually("it listens no more") { (try? post(body, key: "secret", to: port)) == nil ? true : nil }
        server.stop()
        keeper.stop()
        ledger.finish()
        let sentences = (said.take() ?? []).compactMap {
            if case .event(let event, _) = $0 { event.sentence } else { nil }
        }
        #expect(sentences.filter { $0.contains("signature is not good") }.count == 1)
    }

    @Test func `a port that is taken is said once, and had when it is free`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.file("key").write("secret")
        chmod(folder.file("key").path, 0o600)
        let ledger = try Ledger()
        let said = try ledger.subscribe(from: .info)
        try ledger.start()
        let keeper = try BanKeeper(
            BanSettings(file: nil), ledger: ledger, surroundings: .init(own: { [] }, owners: { [] }, publish: { _ in }))
        let other = try TestListener()
        let address = try other.address
        let server = try WebhookServer(
            .init(listen: .internet(address), keyFile: folder.file("key").path), of: keeper, ledger: ledger)
        try await eventually("it is said") {
            ledger.memory.grave.contains { $0.event.sentence.contains("cannot be listened for on \(address)") }
                ? true : nil
        }
        other.close()
        try await eventually("it listens") {
            (try? post("{}", key: "secret", to: address.port)) == "HTTP/1.1 400" ? true : nil
        }
        server.stop()
        keeper.stop()
        ledger.finish()
        let failures = (said.take() ?? []).count { if case .event(.bansFailed, _) = $0 { true } else { false } }
        #expect(failures == 1)
    }

    @Test(arguments: ["", "\n \r\n", String(repeating: "k", count: 4097)]) func `a file without a key is none`(
        text: String
    ) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = folder.file("key")
        try file.write(text)
        chmod(file.path, 0o600)
        #expect(throws: KeyFile.Fault.self) { try KeyFile.read(file.path) }
    }
}
