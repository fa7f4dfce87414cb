import Glibc
import Synchronization
import TailwartCore
import TailwartEngine
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartControl

/// Two edges of one process, of which the second takes over from the first.
@Suite(.ownThreads) struct TakeoverTests {
    private let folder: TemporaryFolder
    private let admin: String
    private let mailbox: FakeMailbox

    init() throws {
        folder = try TemporaryFolder()
        admin = folder.file("admin.sock").path
        mailbox = try FakeMailbox.echoing()
    }

    private func finish() {
        mailbox.close()
        folder.remove()
    }

    /// An edge from which others may take over.
    private func first(_ configuration: Configuration) throws -> RunningEdge {
        let running = try RunningEdge(configuration)
        try running.edge.openTakeovers(besides: admin, replaces: false)
        return running
    }

    private func takeOver(_ configuration: Configuration, prepare: () throws -> Void = {}) throws -> Edge {
        let ledger = try Ledger()
        return try withoutActuallyEscaping(prepare) { prepare in
            try Takeover.run(at: admin, besides: .none) { inheritance in
                try prepare()
                return try Edge(configuration, ledger: ledger, inheriting: inheritance)
            } began: { _, _ in
            }
        }
    }

    private func exchange(_ port: UInt16) throws {
        let client = try TestSocket.connect(to: .loopback(port))
        try client.exchange()
        client.close()
    }

    @Test(arguments: [1, 2])
    func `the second serves with the sockets of the first, which ends its connections in peace`(workers: Int) throws {
        let (kept, gone, added) = (try FreePort.take(), try FreePort.take(), try FreePort.take())
        let old = try first(.echoing(to: mailbox, ["smtp": [kept], "other": [gone]], workers: workers))
        let client = try TestSocket.connect(to: .loopback(kept))
        try client.exchange()

        let new = try takeOver(.echoing(to: mailbox, ["smtp": [kept], "more": [added]], workers: workers))
        for port in [kept, added] { try exchange(port) }
        #expect(new.counters.accepted == 2)
        try old.eventually("the first to hear of it") { old.edge.news() == .takenOver ? true : nil }
        #expect(old.edge.listeners.sockets.isEmpty)
        old.edge.drain()
        try client.exchange()
        #expect(old.edge.counters.accepted == 1)
        // Nobody has it any more.
        var again = try ListeningSocket(.loopback(gone))
        again.close()
        client.close()
        old.finish()
        try exchange(kept)
        new.stop()
        finish()
    }

    @Test func `who waits in the queue meanwhile is served by one of the two`() throws {
        let port = try FreePort.take()
        let configuration = Configuration.echoing(to: mailbox, ["smtp": [port]], workers: 2)
        var edge = try first(configuration)
        for _ in 0..<10 {
            let clients = try (0..<50).map { _ in try TestSocket.connect(to: .loopback(port)) }
            let new = try takeOver(configuration)
            let more = try (0..<50).map { _ in try TestSocket.connect(to: .loopback(port)) }
            for client in clients + more { try client.exchange() }
            for client in clients + more { client.close() }
            edge.finish()
            new.stop()
            edge = try first(configuration)
        }
        edge.finish()
        finish()
    }

    @Test func `a Unix socket goes along with its path`() throws {
        let path = folder.file("mail.sock").path
        var configuration = Configuration.echoing(to: mailbox, [:])
        configuration.listeners = [
            Listener(
                name: "local", bind: [.unix(path: path)], proto: .smtp,
                routes: [Route(to: .upstream("mailbox", port: nil))])
        ]
        let old = try first(configuration)
        let new = try takeOver(configuration)
        old.finish()
        let client = try TestSocket.connect(unixPath: path)
        try client.exchange()
        client.close()
        new.stop()
        #expect(access(path, F_OK) != 0)
        finish()
    }

    @Test func `where there is none to take over from, it starts`() throws {
        let port = try FreePort.take()
        let new = try takeOver(.echoing(to: mailbox, ["smtp": [port]]))
        try exchange(port)
        new.stop()
        finish()
    }

    @Test func `a second that cannot serve leaves the first as it was, and may try again`() throws {
        let (port, taken) = (try FreePort.take(), try FreePort.take())
        let configuration = Configuration.echoing(to: mailbox, ["smtp": [port]])
        let old = try first(configuration)
        var other = try ListeningSocket(.loopback(taken))
        let failure = #expect(throws: Takeover.Failure.self) {
            try takeOver(.echoing(to: mailbox, ["smtp": [port], "other": [taken]]))
        }
        guard case .notPrepared(let reason) = failure?.fault else {
            Issue.record("\(failure.debugDescription)")
            return
        }
        #expect(reason.contains("port \(taken) is taken"))
        try old.eventually("the first says so") { old.names.contains("takeover_failed") ? true : nil }
        try exchange(port)
        #expect(old.edge.counters.accepted == 1)
        other.close()
        let new = try takeOver(configuration)
        old.finish()
        try exchange(port)
        new.stop()
        finish()
    }

    @Test func `while the second prepares itself the first serves`() throws {
        let port = try FreePort.take()
        let configuration = Configuration.echoing(to: mailbox, ["smtp": [port]])
        let old = try first(configuration)
        let new = try takeOver(configuration) { try exchange(port) }
        #expect(old.edge.counters.accepted == 1)
        old.finish()
        new.stop()
        finish()
    }

    @Test(arguments: [
        HandoverMessage.hello(.init(version: 99, process: 1, program: "later")), .ready, .abort("x"),
    ])
    func `who speaks otherwise is turned away, and the next one is served`(message: HandoverMessage) throws {
        let port = try FreePort.take()
        let configuration = Configuration.echoing(to: mailbox, ["smtp": [port]])
        let old = try first(configuration)
        var other = try PacketSocket(connectingTo: TakeoverServer.path(besides: admin))
        let sent = other.send(message.bytes)
        #expect(sent == .count(message.bytes.count))
        var answer: HandoverMessage?
        try old.eventually("an answer, or the end") { () -> Bool? in
            switch other.receive(limit: HandoverMessage.maximumLength) {
            case .packet(let bytes, _):
                if case .found(let message) = HandoverMessage.parse(bytes.span) { answer = message }
                return nil
            case .end: return true
            default: return nil
            }
        }
        other.close()
        if case .hello = message { #expect(answer == .abort(HandoverFault.version(1).sentence)) }
        let new = try takeOver(configuration)
        old.finish()
        try exchange(port)
        new.stop()
        finish()
    }

    // MARK: - what is known of clients

    @Test func `bans without a file go along, with those that were made and lifted since the second began`() throws {
        let port = try FreePort.take()
        var configuration = Configuration.echoing(to: mailbox, ["smtp": [port]])
        configuration.bans.file = nil
        let old = try first(configuration)
        func network(_ last: Int) throws -> Network { try #require(Network("203.0.113.\(last)")) }
        for number in 1...2 { _ = old.edge.access.bans.add(try network(number), time: nil, reason: "a") }
        let new = try takeOver(configuration) {
            _ = old.edge.access.bans.add(try network(3), time: .seconds(3600), reason: "b")
            _ = old.edge.access.bans.remove(try network(1), layer: nil)
        }
        let bans = new.access.bans.book.list(limit: 10)
        #expect(bans.map { "\($0.network)" } == ["203.0.113.2", "203.0.113.3"])
        #expect(bans.map(\.reason) == ["a", "b"] && bans.map { $0.until == nil } == [true, false])
        let door = try (1...3).map { new.access.bans.surroundings.findings(try network($0).base).map(\.kind) }
        #expect(door == [[], [.banned], [.banned]])
        old.finish()
        new.stop()
        finish()
    }

    @Test func `who came too often for his rate comes too often for the second one too`() throws {
        let port = try FreePort.take()
        var configuration = Configuration.echoing(to: mailbox, ["smtp": [port]])
        configuration.listeners[0].proxyProtocolIn = ProxyProtocolIn(trusted: [Network(.loopbackV4)])
        configuration.listeners[0].limits = ListenerLimits(rate: .init(1, per: .seconds(3600)), burst: 2)
        func visit(as last: Int) throws {
            let client = try TestSocket.connect(to: .loopback(port))
            defer { client.close() }
            try client.send(Array("PROXY TCP4 203.0.113.\(last) 192.0.2.1 4000 25\r\n".utf8))
            try client.exchange()
        }
        let old = try first(configuration)
        for _ in 0..<2 { try visit(as: 7) }
        let new = try takeOver(configuration)
        #expect(throws: (any Error).self) { try visit(as: 7) }
        try visit(as: 8)
        old.finish()
        new.stop()
        finish()
    }

    @Test func `one at a time`() throws {
        let port = try FreePort.take()
        let configuration = Configuration.echoing(to: mailbox, ["smtp": [port]])
        let old = try first(configuration)
        let new = try takeOver(configuration) {
            let failure = #expect(throws: Takeover.Failure.self) { try takeOver(configuration) }
            #expect(failure?.fault == .peerGaveUp(HandoverFault.busy.sentence))
        }
        old.finish()
        try exchange(port)
        new.stop()
        finish()
    }

    @Test func `a first that dies before it has given anything is waited for, until its port is free`() throws {
        let port = try FreePort.take()
        let dying = Mutex<ListeningSocket?>(
            try ListeningSocket(
                unixPath: TakeoverServer.path(besides: admin), isPacket: true, permissions: 0o600, replaces: false))
        let old = try Thread(name: "old") {
            guard var listening = dying.withLock({ $0.take() }) else { return }
            HandoverConnection.wait(for: [listening.socket.raw], until: nil)
            if case .connection(var connection, _) = listening.socket.accept() { connection.close() }
            listening.close()
        }
        var held = try ListeningSocket(.loopback(port))
        var tries = 0
        let new = try takeOver(.echoing(to: mailbox, ["smtp": [port]])) {
            tries += 1
            if tries == 3 { held.close() }
        }
        #expect(tries == 3)
        try exchange(port)
        old.join()
        new.stop()
        finish()
    }

    @Test func `an edge that is told to stop in the middle leaves the sockets to the second`() throws {
        let port = try FreePort.take()
        let configuration = Configuration.echoing(to: mailbox, ["smtp": [port]])
        let old = try first(configuration)
        let new = try takeOver(configuration) { old.edge.drain() }
        old.finish()
        try exchange(port)
        new.stop()
        finish()
    }
}
