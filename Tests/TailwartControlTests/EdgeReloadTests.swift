import Glibc
import Synchronization
import TailwartCore
import TailwartEngine
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartControl

/// A running edge that gets another configuration, seen from outside.
@Suite(.ownThreads) struct EdgeReloadTests {
    // MARK: - what stays, what comes, what goes

    @Test(arguments: [1, 2])
    func `an added address answers; one that stays keeps its socket, its door and its connections`(workers: Int) throws
    {
        let mailbox = try FakeMailbox.echoing()
        let (kept, added) = (try FreePort.take(), try FreePort.take())
        let running = try RunningEdge(.echoing(to: mailbox, ["smtp": [kept]], workers: workers))
        let client = try TestSocket.connect(to: .loopback(kept))
        try client.exchange()
        let socket = try #require(running.edge.listeners.sockets.first)
        let door = try #require(running.topology.door(socket.key))

        let outcome = try running.reload(.echoing(to: mailbox, ["mx": [added, kept]], workers: workers))
        #expect(
            outcome.sentences == [
                "listener mx: was called smtp", "listener mx: listens on 127.0.0.1:\(added) too",
            ])
        for port in [kept, added] {
            let other = try TestSocket.connect(to: .loopback(port))
            try other.exchange()
            other.close()
        }
        try client.exchange()
        #expect(running.edge.listeners.sockets.contains { $0 === socket })
        #expect(running.topology.door(socket.key) === door)
        #expect(door.accepted == 2)
        #expect(running.edge.counters.accepted == 3)
        #expect(running.edge.addresses(of: "mx") == [.loopback(added), .loopback(kept)])
        #expect(running.edge.addresses(of: "smtp").isEmpty)
        client.close()
        running.finish()
        mailbox.close()
    }

    @Test func `who waits at an address that goes is served, and then it is free for others`() throws {
        let mailbox = try FakeMailbox.echoing()
        let (kept, gone) = (try FreePort.take(), try FreePort.take())
        let (both, one) = (
            Configuration.echoing(to: mailbox, ["smtp": [kept], "other": [gone]], workers: 2),
            Configuration.echoing(to: mailbox, ["smtp": [kept]], workers: 2)
        )
        let running = try RunningEdge(both)
        for _ in 0..<20 {
            let clients = try (0..<20).map { _ in try TestSocket.connect(to: .loopback(gone)) }
            let outcome = try running.reload(one)
            #expect(outcome.sentences == ["listener other: gone, was on 127.0.0.1:\(gone)"])
            // The outcome comes when the socket is closed.
            var again = try ListeningSocket(.loopback(gone))
            again.close()
            for client in clients { try client.exchange() }
            for client in clients { client.close() }
            #expect(try running.reload(both).sentences == ["listener other: new, on 127.0.0.1:\(gone)"])
        }
        #expect(running.edge.counters.accepted == 400)
        running.finish()
        mailbox.close()
    }

    @Test func `a Unix socket that stays is not touched, one that goes is taken away, and may come back`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let mailbox = try FakeMailbox.echoing()
        let (kept, other) = (folder.file("kept.sock").path, folder.file("other.sock").path)
        func configuration(_ paths: String...) -> Configuration {
            var configuration = Configuration.echoing(to: mailbox, [:])
            configuration.listeners = paths.map { path in
                Listener(
                    name: path.suffix(10).description.filter(\.isLetter), bind: [.unix(path: path)], proto: .smtp,
                    routes: [Route(to: .upstream("mailbox", port: nil))])
            }
            return configuration
        }
        let running = try RunningEdge(configuration(kept))
        let before = try #require(SocketFile(kept))
        for _ in 0..<20 {
            _ = try running.reload(configuration(kept, other))
            let client = try TestSocket.connect(unixPath: other)
            try client.exchange()
            _ = try running.reload(configuration(kept))
            #expect(SocketFile(other) == nil)
            try client.exchange()
            client.close()
        }
        #expect(SocketFile(kept) == before)
        let client = try TestSocket.connect(unixPath: kept)
        try client.exchange()
        client.close()
        running.finish()
        #expect(SocketFile(kept) == nil)
        mailbox.close()
    }

    @Test func `options of a socket follow its listener, and the socket stays`() throws {
        let mailbox = try FakeMailbox.echoing()
        let port = try FreePort.take()
        let plain = Configuration.echoing(to: mailbox, ["one": [port]])
        var named = plain
        named.listeners[0].proto = .imaps
        named.listeners[0].routes[0].match = RouteMatch(
            serverNames: [ServerNamePattern("mail.example.org")].compactMap(\.self))
        let running = try RunningEdge(plain)
        let socket = try #require(running.edge.listeners.sockets.first)
        var seen: [[CInt]] = []
        for configuration in [plain, named, plain] {
            _ = try running.reload(configuration)
            // Of <netinet/tcp.h>: TCP_DEFER_ACCEPT and TCP_KEEPIDLE.
            seen.append([9, 4].map { socket.socket.option(CInt(IPPROTO_TCP), $0) })
        }
        #expect(seen.map { $0[0] > 0 } == [false, true, false])
        #expect(seen.map { $0[1] } == [60, 270, 60])
        #expect(running.edge.listeners.sockets.first === socket)
        running.finish()
        mailbox.close()
    }

    @Test func `open connections keep the route that they began with, and limits count them`() throws {
        let (old, new) = (try FakeMailbox.echoing(), try FakeMailbox.echoing())
        let port = try FreePort.take()
        let running = try RunningEdge(.echoing(to: old, ["smtp": [port]]))
        let first = try TestSocket.connect(to: .loopback(port))
        try first.exchange()
        var other = Configuration.echoing(to: new, ["smtp": [port]])
        other.listeners[0].maxConnections = 2
        _ = try running.reload(other)
        let second = try TestSocket.connect(to: .loopback(port))
        try second.exchange()
        try first.exchange()
        #expect(old.served == 1)
        #expect(new.served == 1)
        let third = try TestSocket.connect(to: .loopback(port))
        #expect(String(decoding: try third.receiveToEnd().bytes, as: UTF8.self).hasPrefix("421 4.3.2 "))
        for client in [first, second, third] { client.close() }
        running.finish()
        old.close()
        new.close()
    }

    @Test func `a place that is unhealthy stays so, and a reload says and asks nothing of it`() throws {
        // Greets nobody, so each probe counts.
        let mailbox = try FakeMailbox { connection, _ in try connection.send(Array("421 4.3.2 not now\r\n".utf8)) }
        let port = try FreePort.take()
        var configuration = Configuration.echoing(to: mailbox, ["smtp": [port]])
        configuration.upstreams[0].health = HealthSettings(affects: .all, rise: 1, fall: 1)
        let running = try RunningEdge(configuration)
        try running.eventually("it is unhealthy") { running.names.contains("health") ? true : nil }
        let place = try #require(running.topology.approaches.first?.place)
        let probes = mailbox.served
        for number in 1...50 {
            configuration.drain = .seconds(number)
            configuration.upstreams[0].health?.interval = .seconds(60 + number)
            _ = try running.reload(configuration)
            #expect(place.isUnhealthy)
        }
        #expect(running.topology.approaches.first?.place === place)
        // It is asked every five seconds, by itself.
        #expect(mailbox.served <= probes + 1)
        #expect(running.names.count { $0 == "health" } == 1)
        #expect(running.names.count { $0 == "verdict" } == 1)
        // Who is no longer probed has nobody who would find out that it is healthy.
        configuration.upstreams[0].health = nil
        _ = try running.reload(configuration)
        try running.eventually("it counts as healthy") { place.isUnhealthy ? nil : true }
        running.finish()
        mailbox.close()
    }

    // MARK: - what goes wrong

    @Test func `a bad file changes nothing, and its problems are said`() throws {
        let mailbox = try FakeMailbox.echoing()
        let port = try FreePort.take()
        let configuration = Configuration.echoing(to: mailbox, ["smtp": [port]])
        let running = try RunningEdge(configuration)
        let problem = CommandAnswer.Problem(
            .error, "unknown key", file: "tailwart.yaml", at: TextPosition(line: 3, column: 1))
        #expect(try running.edge.reload { .bad([problem]) } == .refused([problem]))
        try running.eventually("it is said") { running.events.contains(.reloadFailed([problem])) ? true : nil }
        #expect(running.edge.configuration == configuration)
        let client = try TestSocket.connect(to: .loopback(port))
        try client.exchange()
        client.close()
        running.finish()
        mailbox.close()
    }

    @Test func `a taken port changes nothing, is named with its listener, and what was opened is closed`() throws {
        let mailbox = try FakeMailbox.echoing()
        let (kept, free) = (try FreePort.take(), try FreePort.take())
        var holder = try ListeningSocket(.loopback(0))
        let taken = try #require(holder.address?.port)
        let configuration = Configuration.echoing(to: mailbox, ["smtp": [kept]])
        let running = try RunningEdge(configuration)
        var other = Configuration.echoing(to: mailbox, ["a": [free], "b": [taken]])
        other.maxConnections = 7
        guard case .refused(let problems) = try running.reload(other) else {
            Issue.record("a taken port was bound")
            return
        }
        #expect(problems.count == 1)
        #expect(
            problems[0].sentence.hasPrefix(
                "error: listener b: cannot listen on 127.0.0.1:\(taken): port \(taken) is taken by"))
        #expect(running.edge.configuration == configuration)
        var again = try ListeningSocket(.loopback(free))
        again.close()
        let client = try TestSocket.connect(to: .loopback(kept))
        try client.exchange()
        client.close()
        // Once the port is free the same file is good.
        holder.close()
        #expect(try running.reload(other).sentences.isEmpty == false)
        running.finish()
        mailbox.close()
    }

    @Test func `an address that overlaps one of the edge's own cannot take its place, and it is said why`() throws {
        let mailbox = try FakeMailbox.echoing()
        let port = try FreePort.take()
        let running = try RunningEdge(.echoing(to: mailbox, ["smtp": [port]]))
        var wide = running.edge.configuration
        wide.listeners[0].bind = [.any(port: port)]
        guard case .refused(let problems) = try running.reload(wide) else {
            Issue.record("it was bound beside the other")
            return
        }
        #expect(
            problems.map(\.sentence) == [
                "error: listener smtp: cannot listen on :\(port): it overlaps 127.0.0.1:\(port), on which the edge itself listens. "
                    + "Restart the edge: a reload cannot change this without refusing clients."
            ])
        running.finish()
        mailbox.close()
    }

    @Test func `who drains does not reload, not even if a reload is under way`() throws {
        let mailbox = try FakeMailbox.echoing()
        let (port, other) = (try FreePort.take(), try FreePort.take())
        let running = try RunningEdge(.echoing(to: mailbox, ["smtp": [port]]))
        // RFC 6761 section 6.4: this name never resolves, so it is waited for.
        var waiting = Configuration.echoing(to: mailbox, ["smtp": [port], "other": [other]])
        waiting.upstreams[0].endpoints = [Endpoint(.name("name.invalid"), port: mailbox.address.port)]
        let outcomes = Mutex<[ReloadOutcome]>([])
        running.edge.reload(reading: { [waiting] in .good(waiting, warnings: []) }) { outcome in
            outcomes.withLock { $0.append(outcome) }
        }
        try running.eventually("the new address is bound") {
            running.edge.reloads.withLock { $0.opened != nil } ? true : nil
        }
        running.edge.drain()
        let late = try running.reload(waiting)
        guard case .refused(let problems) = late else {
            Issue.record("it was reloaded")
            return
        }
        #expect(problems[0].message.contains("the edge is draining"))
        #expect(outcomes.withLock { $0 } == [late])
        var again = try ListeningSocket(.loopback(other))
        again.close()
        running.finish()
        #expect(try running.reload(waiting) == late, "an edge that has stopped answers too")
        mailbox.close()
    }

    @Test func `whoever asks while a reload goes on is served by one more, once`() throws {
        let mailbox = try FakeMailbox.echoing()
        let running = try RunningEdge(.echoing(to: mailbox, ["smtp": [try FreePort.take()]]))
        let configuration = running.edge.configuration
        let counts = Counts()
        for number in 0..<10 {
            running.edge.reload(reading: {
                counts.reads.add(1, ordering: .relaxed)
                // The others come while the first is read.
                while !counts.haveAllAsked.load(ordering: .acquiring) { usleep(1000) }
                return .good(configuration, warnings: [])
            }) { _ in counts.done.add(1, ordering: .relaxed) }
            if number == 0 {
                try running.eventually("it is read") { counts.reads.load(ordering: .relaxed) == 1 ? true : nil }
            }
        }
        counts.haveAllAsked.store(true, ordering: .releasing)
        try running.eventually("all are answered") { counts.done.load(ordering: .relaxed) == 10 ? true : nil }
        #expect(counts.reads.load(ordering: .relaxed) == 2)
        #expect(running.names.count { $0 == "reloaded" } <= 2)
        running.finish()
        mailbox.close()
    }

    // MARK: - what follows

    @Test func `a new name is looked up before clients are sent there, and nobody is turned away meanwhile`() throws {
        let (old, new) = (try FakeMailbox.echoing(), try FakeMailbox.echoing())
        let port = try FreePort.take()
        let running = try RunningEdge(.echoing(to: old, ["smtp": [port]]))
        var named = running.edge.configuration
        named.upstreams[0].endpoints = [Endpoint(.name("localhost"), port: new.address.port)]
        #expect(
            try running.reload(named).sentences == [
                "upstream mailbox: endpoint localhost:\(new.address.port) is new",
                "upstream mailbox: endpoint \(old.address) is gone",
            ])
        let client = try TestSocket.connect(to: .loopback(port))
        try client.exchange()
        client.close()
        #expect(new.served == 1)
        try running.eventually("it is said") { running.names.contains("resolved") ? true : nil }
        running.finish()
        for mailbox in [old, new] { mailbox.close() }
    }

    @Test func `probes begin with a reload that asks for them, and end with one that does not`() throws {
        let mailbox = try FakeMailbox { connection, _ in try connection.send(Array("421 4.3.2 not now\r\n".utf8)) }
        var configuration = Configuration.echoing(to: mailbox, ["smtp": [try FreePort.take()]])
        let running = try RunningEdge(configuration)
        for number in 1...2 {
            configuration.upstreams[0].health = HealthSettings()
            _ = try running.reload(configuration)
            try running.eventually("a probe says what it met") {
                running.names.count { $0 == "verdict" } == number ? true : nil
            }
            configuration.upstreams[0].health = nil
            _ = try running.reload(configuration)
        }
        running.finish()
        mailbox.close()
    }

    @Test
    func
        `a name that only tailscaled knows is asked for at once, and another tailscaled is asked when the file says so`()
        throws
    {
        let mailbox = try FakeMailbox.echoing()
        let name = "second.tail1234.ts.net"
        var tailnet = FakeTailscaled.Tailnet()
        tailnet.peers.append(FakeTailscaled.Node(name, [.loopbackV4]))
        let (first, second) = (try FakeTailscaled(tailnet), try FakeTailscaled(tailnet))
        let port = try FreePort.take()
        var configuration = Configuration.echoing(to: mailbox, ["smtp": [port]])
        configuration.tailscale = TailscaleSettings(socket: first.path)
        let running = try RunningEdge(configuration)
        try running.eventually("it is asked") { first.requests.isEmpty ? nil : true }

        configuration.upstreams[0].endpoints = [Endpoint(.name(name), port: mailbox.address.port)]
        _ = try running.reload(configuration)
        let client = try TestSocket.connect(to: .loopback(port))
        try client.exchange()
        client.close()

        configuration.tailscale = TailscaleSettings(socket: second.path)
        _ = try running.reload(configuration)
        try running.eventually("the other one is asked") { second.requests.isEmpty ? nil : true }
        let asked = first.requests.count
        configuration.tailscale = nil
        _ = try running.reload(configuration)
        let again = try TestSocket.connect(to: .loopback(port))
        try again.exchange()
        again.close()
        #expect(first.requests.count == asked)
        running.finish()
        mailbox.close()
        for tailscaled in [first, second] { tailscaled.close() }
    }

    @Test func `the number of workers needs a restart, which is said each time`() throws {
        let mailbox = try FakeMailbox.echoing()
        let running = try RunningEdge(.echoing(to: mailbox, ["smtp": [try FreePort.take()]], workers: 1))
        var more = running.edge.configuration
        more.workers = 3
        #expect(running.edge.preview(more).needsRestart == ["workers"])
        for _ in 0..<2 {
            #expect(
                try running.reload(more).sentences == ["workers: 1 → 3 needs a restart; until then it is 1"])
            #expect(running.edge.configuration.workers == 1)
        }
        running.finish()
        mailbox.close()
    }

    @Test func `the log follows the configuration`() throws {
        let mailbox = try FakeMailbox.echoing()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = folder.file("log")
        let output = open(file.path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600)
        try #require(output >= 0)
        defer { close(output) }
        let running = try RunningEdge(.echoing(to: mailbox, ["smtp": [try FreePort.take()]]), log: output)
        var configuration = running.edge.configuration
        running.post(.stopped(accepted: 1))
        configuration.log = LogSettings(format: .text, level: .warning)
        try running.eventually("it is written") { file.text.contains("stopped after 1 ") ? true : nil }
        _ = try running.reload(configuration)
        running.post(.stopped(accepted: 2))
        running.post(.signalIgnored(.user1))
        running.finish()
        #expect(file.text.contains("\"message\":\"stopped after 1 connection\""))
        #expect(file.text.contains(" warning: SIGUSR1 is ignored"))
        #expect(!file.text.contains("stopped after 2 "))
        mailbox.close()
    }
}

private final class Counts: Sendable {
    let reads = Atomic<Int>(0)
    let done = Atomic<Int>(0)
    let haveAllAsked = Atomic<Bool>(false)
}

extension ReloadOutcome {
    fileprivate var sentences: [String] {
        switch self {
        case .reloaded(let difference, _): difference.sentences
        case .refused(let problems): ["refused: \(problems.map(\.sentence))"]
        }
    }
}

/// Which file it is.
private struct SocketFile: Equatable {
    let inode: UInt64

    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        inode = UInt64(status.st_ino)
    }
}

extension Socket {
    fileprivate func option(_ level: CInt, _ name: CInt) -> CInt {
        var value: CInt = -1
        var length = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(raw, level, name, &value, &length)
        return value
    }
}
