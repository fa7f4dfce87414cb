import Glibc
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

/// What is kept back in a socket for the end behind it (`MSG_MORE`), seen from outside by `strace`: it leaves in the same turn, whatever
/// comes in place of the end.
@Suite(.ownThreads, .serialized, .timeLimit(.minutes(2))) struct KeptBackTests {
    @Test func `nothing is kept back beyond the turn`() async throws {
        try await TestHost.run { host in
            let mailbox = try TestListener(receiveBuffer: 64 * 1024)
            let ports = try [FreePort.take(), FreePort.take()]
            let trace = try await SystemCallTrace(
                on: host, ports: ports,
                """
                workers: 1
                drain: 5s
                upstreams:
                  mailbox: { endpoints: ["\(mailbox.address)"], health: off }
                  nobody: { endpoints: ["127.0.0.1:1"], health: off }
                listeners:
                  - { name: smtp, bind: ["127.0.0.1:\(ports[0])"], protocol: smtp, to: mailbox }
                  - { name: refused, bind: ["127.0.0.1:\(ports[1])"], protocol: smtp, to: nobody }
                """)
            var random = SeededRandom(seed: 0xc0c)
            let block = random.bytes(1 << 20)

            // Words and end at once, from one side after the other.
            for first in [Side.client, .upstream] {
                let (client, upstream) = try pair(ports[0], mailbox)
                let (source, sink) = first == .client ? (client, upstream) : (upstream, client)
                try source.finish(with: Array("QUIT\r\n".utf8))
                #expect(try sink.receiveToEnd().bytes == Array("QUIT\r\n".utf8))
                try sink.finish(with: Array("221 Bye\r\n".utf8))
                #expect(try source.receiveToEnd().bytes == Array("221 Bye\r\n".utf8))
            }
            // A sink that takes nothing, then a part, and so on to the end.
            for first in [Side.client, .upstream] {
                let (client, upstream) = try pair(ports[0], mailbox)
                let (source, sink) = first == .client ? (client, upstream) : (upstream, client)
                let count = try source.fill(with: block)
                source.finish()
                #expect(try sink.receiveToEnd().bytes.count == count)
                sink.finish()
                _ = try source.receiveToEnd()
            }
            // An end behind urgent data, and a reset behind an end.
            let (urgent, heard) = try pair(ports[0], mailbox)
            try urgent.send([1, 2, 3])
            try urgent.sendUrgent(0xff)
            try urgent.finish(with: [4, 5, 6])
            #expect(try heard.receiveToEnd().bytes.suffix(3) == [4, 5, 6])
            heard.finish()
            for _ in 0..<10 {
                let (client, upstream) = try pair(ports[0], mailbox)
                try client.finish(with: [7, 8, 9])
                client.reset()
                #expect(try [[], [7, 8, 9]].contains(upstream.receiveToEnd().bytes))
            }
            // A refusal.
            let refused = try connect(ports[1])
            #expect(try refused.receiveToEnd().bytes.starts(with: Array("421 ".utf8)))
            refused.close()

            // Those who finish while the edge drains.
            let (last, served) = try pair(ports[0], mailbox)
            let worker = try trace.thread(named: "worker 0")
            trace.edge.process.send(SIGTERM)
            try served.finish(with: Array("221 Bye\r\n".utf8))
            #expect(try last.receiveToEnd().bytes == Array("221 Bye\r\n".utf8))
            try last.finish(with: [1])
            #expect(try served.receiveToEnd().bytes == [1])
            #expect(try await trace.edge.process.exitCode() == 0)

            let calls = trace.lines(of: worker)
            let waiting = Self.keptBack(calls)
            #expect(waiting.isEmpty, "\(waiting)")
            // The four words of the first part, the refusal, and the two at the end, each with its end in one segment.
            let joined = calls.indices.count { Self.joinsEnd(calls[$0...]) }
            #expect(joined >= 7, "\(joined)")
        }
    }

    /// The calls that kept something back which was still there when the worker waited for events.
    private static func keptBack(_ calls: [Substring]) -> [Substring] {
        var waiting: [Substring: Substring] = [:]
        var found: [Substring] = []
        var last: Substring = ""
        for call in calls {
            // What did not go out at all waits in the edge, not in the socket.
            if call.hasPrefix("<... sendto"), call.contains("= -1") { waiting[last] = nil }
            guard let (name, socket) = parts(call) else { continue }
            switch name {
            case "epoll_wait":
                found += waiting.values
                waiting = [:]
            case "sendto" where call.contains("MSG_MORE") && !call.contains("= -1"):
                waiting[socket] = call
                last = socket
            case "sendto", "splice", "shutdown", "close": waiting[socket] = nil
            case "setsockopt" where call.contains("TCP_NODELAY"): waiting[socket] = nil
            default: break
            }
        }
        return found
    }

    /// Whether the first call keeps something back which leaves with the end, soon behind it: between the two is the look for the end.
    private static func joinsEnd(_ calls: ArraySlice<Substring>) -> Bool {
        guard let send = calls.first, send.contains("MSG_MORE"), let sent = parts(send), sent.name == "sendto" else {
            return false
        }
        return calls.dropFirst().prefix(8).filter { !$0.hasPrefix("<...") }.prefix(3).contains { call in
            guard let (name, socket) = parts(call) else { return false }
            return socket == sent.socket && (name == "shutdown" || name == "close")
        }
    }

    /// The name of a call and its first argument.
    private static func parts(_ call: Substring) -> (name: Substring, socket: Substring)? {
        guard let start = call.firstIndex(of: "(") else { return nil }
        let socket = call[call.index(after: start)...].prefix(while: \.isNumber)
        return (call[..<start], socket)
    }

    /// A connection that is relayed, both legs of which are watched.
    private func pair(_ port: UInt16, _ mailbox: TestListener) throws -> (client: TestSocket, upstream: TestSocket) {
        let client = try TestSocket.connect(to: InternetAddress(.loopbackV4, port: port), receiveBuffer: 64 * 1024)
        let upstream = try mailbox.accept()
        try upstream.send([1])
        #expect(try client.receive(exactly: 1) == [1])
        try client.send([2])
        #expect(try upstream.receive(exactly: 1) == [2])
        return (client, upstream)
    }

    private func connect(_ port: UInt16) throws -> TestSocket {
        try TestSocket.connect(to: InternetAddress(.loopbackV4, port: port))
    }
}
