import Glibc
import Synchronization
import TailwartCore
import TailwartEngine
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct StormTests {
    /// In a process of its own, where nobody else opens descriptors.
    @Test func `after 500 connections of every kind all records are there and no descriptor is left open`() async {
        await #expect(processExitsWith: .success) {
            // Whatever is opened once and kept is open before the first count.
            try Storm(seed: 1, connections: 20).run()
            let before = try openDescriptors()
            for seed in 2...3 as ClosedRange<UInt64> { try Storm(seed: seed, connections: 500).run() }
            let after = try openDescriptors()
            #expect(after == before)
        }
    }
}

/// Many short connections, each with its own luck.
private struct Storm {
    let seed: UInt64
    let connections: Int
    private let threads = 4

    func run() throws {
        let seed = seed
        let mailbox = try FakeMailbox { connection, number in
            var random = SeededRandom(seed: seed &* 1_000_003 &+ UInt64(number))
            try Self.serve(connection, &random)
        }
        defer { mailbox.close() }
        let header = ProxyProtocolOut(.v2)
        var encrypted = Listener.test(
            .imaps, routes: [.toFirst(.name("mail.example.org"), header: header)],
            timeouts: Timeouts(hello: .milliseconds(200), idle: .milliseconds(300), halfClosed: .milliseconds(200)))
        encrypted.maxConnections = 6
        var plain = Listener.test(timeouts: Timeouts(idle: .milliseconds(300), halfClosed: .milliseconds(200)))
        plain.routes = [.toFirst(header: header)]
        let upstream = Upstream.test(try closedAddress(), mailbox.address)
        try withEngine(listeners: [plain, encrypted], upstreams: [upstream], workers: 2) { edge in
            let addresses = [try edge.address(0), try edge.address(1)]
            try concurrently {
                try attack(addresses, 0)
            } _: {
                try attack(addresses, 1)
            } _: {
                try attack(addresses, 2)
            } _: {
                try attack(addresses, 3)
            }
            let records = try edge.records(connections)
            #expect(Set(records.map(\.id)).count == connections)
            try edge.waitForLive(0)
            #expect(edge.hasNoRecord)
            #expect(edge.engine.counters.accepted == connections)
            // A storm that always takes the same way would prove little.
            #expect(connections < 100 || Set(records.map(\.ending.reason)).count >= 5, "seed \(seed)")
        }
    }

    private func attack(_ addresses: [InternetAddress], _ thread: Int) throws {
        var random = SeededRandom(seed: seed &* 31 &+ UInt64(thread))
        for _ in 0..<(connections / threads) {
            let isEncrypted = random.oneIn(2)
            // Errors are part of the storm: the edge may have reset a connection as soon as it was there.
            do {
                let client = try TestSocket.connect(to: addresses[isEncrypted ? 1 : 0])
                try Self.misbehave(client, isEncrypted: isEncrypted, &random)
                client.close()
            } catch is Errno {}
        }
    }

    private static func misbehave(_ client: TestSocket, isEncrypted: Bool, _ random: inout SeededRandom) throws {
        let hello = ClientHelloBuilder(serverName: "mail.example.org").bytes
        if isEncrypted, !random.oneIn(4) { try client.send(hello) }
        switch Int.random(in: 0..<8, using: &random) {
        case 0: client.reset()
        case 1: break
        case 2: try client.send(random.bytes(Int.random(in: 1..<2000, using: &random)))
        case 3:
            try client.send(hello.prefix(30))
            client.finish()
            _ = try client.receiveToEnd()
        case 4:
            try client.send(random.bytes(Int.random(in: 1..<300_000, using: &random)))
            client.reset()
        case 5:
            _ = try client.receiveToEnd()
        default:
            try client.send(random.bytes(Int.random(in: 1..<100_000, using: &random)))
            client.finish()
            _ = try client.receiveToEnd()
        }
    }

    private static func serve(_ connection: TestSocket, _ random: inout SeededRandom) throws {
        switch Int.random(in: 0..<7, using: &random) {
        case 0: connection.reset()
        case 1: break
        case 2:
            try connection.send(random.bytes(Int.random(in: 1..<300_000, using: &random)))
            connection.reset()
        case 3:
            try connection.send(random.bytes(Int.random(in: 1..<100_000, using: &random)))
            connection.finish()
            _ = try connection.receiveToEnd()
        case 4:
            // Never reads: the deadline of the edge ends it.
            _ = connection.wait(for: POLLHUP)
        default:
            let (bytes, end) = try connection.receiveToEnd()
            if end == .finished { try connection.send(bytes) }
        }
    }
}

/// How many descriptors this process has open, without that of the count itself.
private func openDescriptors() throws -> Int {
    guard let folder = opendir("/proc/self/fd") else { throw TestFailure(call: "opendir") }
    defer { closedir(folder) }
    var count = 0
    while let entry = readdir(folder) {
        if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
    }
    return count - 1
}
