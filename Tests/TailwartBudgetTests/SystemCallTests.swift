import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

/// How many system calls the edge makes, counted from outside by `strace`.
@Suite(.ownThreads, .serialized, .timeLimit(.minutes(2))) struct SystemCallTests {
    /// A server-first connection with a PROXY header, after its `accept4`, of which there is one, as the kernel hands out no two at
    /// once: banner, a line up, its answer down, the client finishes first. Each call with why it cannot go.
    private static let perConnection: [String: Int] = [
        // The upstream leg. `connect` answers at once (EINPROGRESS); over loopback the handshake is done by then.
        "socket": 1,
        "connect": 1,
        // TCP_NODELAY on the upstream leg; the client leg inherits it. TCP_QUICKACK off before connect, which saves a packet:
        // dearer than the call.
        "setsockopt": 2,
        // The header, which must not wait for the banner; the banner; the line; its answer. One for each that the edge was given to
        // pass on.
        "sendto": 4,
        // The banner, the line, its answer, and the two ends. No call is made to hear "would block": a short read has said so.
        "recvfrom": 5,
        // Each leg registered once, edge-triggered, and forgotten by the kernel when it is closed.
        "epoll_ctl": 2,
        // The client's end passed on to the upstream. The upstream's is passed on by closing.
        "shutdown": 1,
        // Both legs.
        "close": 2,
    ]
    /// Not more than one for each of: the connection, the banner, the line, its answer, the two ends. Under load one call brings
    /// events of many connections.
    private static let wakeUps = 6

    @Test func `a plain connection makes the system calls that it needs and no others`() async throws {
        try await TestHost.run { host in
            let mailbox = try TestListener()
            let port = try FreePort.take()
            let trace = try await SystemCallTrace(
                on: host, ports: [port],
                """
                workers: 1
                upstreams: { mailbox: { endpoints: ["\(mailbox.address)"], proxy_protocol: v2, health: off } }
                listeners: [{ name: smtp, bind: ["127.0.0.1:\(port)"], protocol: smtp, to: mailbox }]
                """)
            let count = 100
            for _ in 0..<count { try serve(port, mailbox) }
            try await eventually("\(count) records") { trace.edge.records.count == count ? true : nil }
            let calls = try trace.calls(of: trace.thread(named: "worker 0"))
            // One thread serves one connection after the other, so an accept begins what the next one ends.
            let connections = calls.split(separator: "accept4").dropFirst().dropLast().map(tally)
            let usual = Dictionary(connections.map { ($0, 1) }, uniquingKeysWith: +).max { $0.value < $1.value }
            // On a machine that is busy a handshake may take longer than a call, and a header then a second attempt.
            #expect(usual?.key == Self.perConnection)
            #expect(usual?.value ?? 0 > count / 2)
            #expect(calls.count { $0 == "epoll_wait" } <= (Self.wakeUps + 1) * count)
        }
    }

    /// How often each call was made, but for waiting for events, and for the one call that is not a connection's: waking the thread
    /// that writes the log, if it sleeps, at most fifty times a second.
    private func tally(_ calls: ArraySlice<Substring>) -> [String: Int] {
        let names = calls.filter { $0 != "epoll_wait" && $0 != "write" }.map(String.init)
        return Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
    }

    /// Not one per connection, nor one per tick of a clock: nothing is done for connections that are silent.
    @Test func `a thousand silent connections cost no system calls`() async throws {
        try await TestHost.run { host in
            let mailbox = try TestListener()
            let port = try FreePort.take()
            let trace = try await SystemCallTrace(
                on: host, ports: [port],
                """
                workers: 2
                upstreams: { mailbox: { endpoints: ["\(mailbox.address)"], proxy_protocol: v2, health: off } }
                listeners: [{ name: imap, bind: ["127.0.0.1:\(port)"], protocol: imap, to: mailbox }]
                """)
            var sockets: [TestSocket] = []
            for _ in 0..<1000 {
                let client = try connect(port)
                let upstream = try mailbox.accept()
                try upstream.send(banner)
                _ = try client.receive(exactly: banner.count)
                sockets += [client, upstream]
            }
            // The edge may be behind, or the trace: what was to be done for a thousand connections is not part of a second without
            // any. What costs calls by the connection or by the clock costs them in every second.
            var made = Int.max
            for _ in 0..<10 where made > 20 {
                let before = try await fence(port, mailbox, trace)
                try await Task.sleep(for: .seconds(1))
                made = try await fence(port, mailbox, trace) - before
            }
            // Calls that had not come to rest, and a timer of the wheel's coarse kind.
            #expect(made <= 20)
            for socket in sockets { socket.close() }
        }
    }

    /// Serves a connection and waits until the trace shows its end: all calls before it are there too.
    ///
    /// - Returns: the calls so far, without those for such connections.
    private func fence(_ port: UInt16, _ mailbox: TestListener, _ trace: SystemCallTrace) async throws -> Int {
        // Nothing else makes the edge pass on a client's end.
        let mark: Substring = "shutdown"
        let fences = trace.calls().count { $0 == mark } + 1
        try serve(port, mailbox)
        return try await eventually("the trace comes to the end of a connection") {
            let calls = trace.calls()
            guard calls.count(where: { $0 == mark }) == fences else { return nil }
            let ofOne = Self.perConnection.values.reduce(0, +) + Self.wakeUps
            return calls.count - fences * ofOne
        }
    }

    private var banner: [UInt8] { Array("220 mail.example.org ESMTP\r\n".utf8) }

    /// One step after the other, so that no two of the edge's events fall together.
    private func serve(_ port: UInt16, _ mailbox: TestListener) throws {
        let client = try connect(port)
        let upstream = try mailbox.accept()
        // The header of version 2 for IPv4.
        _ = try upstream.receive(exactly: 28)
        try upstream.send(banner)
        _ = try client.receive(exactly: banner.count)
        try client.send("NOOP\r\n".utf8)
        _ = try upstream.receive(exactly: 6)
        try upstream.send("250 OK\r\n".utf8)
        _ = try client.receive(exactly: 8)
        client.finish()
        _ = try upstream.receiveToEnd()
        upstream.close()
        _ = try client.receiveToEnd()
        client.close()
    }

    private func connect(_ port: UInt16) throws -> TestSocket {
        try TestSocket.connect(to: InternetAddress(.loopbackV4, port: port))
    }
}
