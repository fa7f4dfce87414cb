import Foundation
import Glibc
import Synchronization
import TailwartCore
import TailwartEngine
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartControl

/// Reloads while clients come all the time: nobody is turned away, cut or forgotten.
@Suite(.ownThreads) struct ReloadLoadTests {
    /// `RELOADS=` says how many; 2000 take some minutes, and print what they cost.
    private static let wanted = ProcessInfo.processInfo.environment["RELOADS"].flatMap { Int($0) }
    /// Connections a second, by all clients together.
    private static let rate = 500
    private static let clients = 5

    /// What came of the connections.
    private final class Tally: Sendable {
        let ended = Atomic<Bool>(false)
        let served = Atomic<Int>(0)
        let refused = Atomic<Int>(0)
        let cut = Atomic<Int>(0)
        /// Microseconds from the connect to the end.
        let times = Mutex<[UInt64]>([])
    }

    private static let greeting = Array("220 mail.example.org ESMTP\r\n".utf8)

    @Test func `clients that come during reloads are all served`() throws {
        let mailboxes = try (0..<2).map { _ in try GreetingMailbox(Self.greeting) }
        let (kept, other) = (try FreePort.take(), try FreePort.take())
        let configurations = Self.configurations(mailboxes.map(\.address), kept, other)
        let running = try RunningEdge(configurations[0])
        // Begun before all reloads, and still there after them.
        let long = try TestSocket.connect(to: .loopback(kept))
        #expect(try long.receive(exactly: Self.greeting.count) == Self.greeting)

        let tally = Tally()
        let threads = try (0..<Self.clients).map { number in
            try TailwartSystem.Thread(name: "client \(number)") { Self.connect(to: kept, number, tally) }
        }
        let count = Self.wanted ?? 60
        var costs = [Cost()]
        for number in 1...count {
            let outcome = try running.reload(configurations[number % configurations.count])
            guard case .reloaded(let difference, _) = outcome, !difference.isEmpty else {
                Issue.record("reload \(number): \(outcome)")
                break
            }
            // Beside the work of the clients, as an operator's reloads are; in the long run about ten a second.
            usleep(Self.wanted == nil ? 20_000 : 95_000)
            if number % max(1, count / 10) == 0 { costs.append(Cost()) }
        }
        tally.ended.store(true, ordering: .relaxed)
        for thread in threads { thread.join() }

        #expect(tally.refused.load(ordering: .relaxed) == 0)
        #expect(tally.cut.load(ordering: .relaxed) == 0)
        let served = tally.served.load(ordering: .relaxed)
        #expect(served > 0)
        #expect(running.edge.counters.accepted >= served + 1)
        try long.send([1])
        long.finish()
        #expect(try long.receiveToEnd().end == .finished)
        if Self.wanted != nil {
            let times = tally.times.withLock { $0.sorted() }
            print("\(count) reloads, \(served) connections served, 0 refused, 0 cut")
            print(
                "served within (ms): median \(times[times.count / 2] / 1000), 99 % \(times[times.count * 99 / 100] / 1000), "
                    + "all \(times[times.count - 1] / 1000)")
            for cost in costs { print("\(cost)") }
        }
        running.finish()
        for mailbox in mailboxes { mailbox.close() }
    }

    /// Of one listener that stays at its address, whatever it is called and wherever it leads, and others that come and go.
    private static func configurations(_ mailboxes: [InternetAddress], _ kept: UInt16, _ other: UInt16)
        -> [Configuration]
    {
        func upstream(_ number: Int, warm: Int = 0) -> Upstream {
            Upstream(
                name: "mailbox", endpoints: [Endpoint(.address(mailboxes[number].ip), port: mailboxes[number].port)],
                proxyProtocol: ProxyProtocolOut(.none), hold: .seconds(5), health: HealthSettings())
        }
        func listener(_ name: String, _ ports: UInt16..., proto: ListenerProtocol = .smtp) -> Listener {
            Listener(
                name: name, bind: ports.map { .internet(.loopback($0)) }, proto: proto,
                routes: [Route(to: .upstream("mailbox", port: nil))])
        }
        var limited = listener("mx", kept, other, proto: .tcp)
        limited.maxConnections = 5000
        return [
            Configuration(workers: 2, tailscale: nil, upstreams: [upstream(0)], listeners: [listener("smtp", kept)]),
            Configuration(
                workers: 2, tailscale: nil, upstreams: [upstream(1)],
                listeners: [listener("other", other), listener("smtp", kept)]),
            Configuration(
                maxConnections: 5000, workers: 2, drain: .seconds(5), tailscale: nil,
                upstreams: [upstream(0), Upstream(name: "second", endpoints: [Endpoint(.address(.loopbackV4))])],
                listeners: [limited]),
        ]
    }

    /// A connection each now and then, until all is over.
    private static func connect(to port: UInt16, _ number: Int, _ tally: Tally) {
        let interval = UInt64(1_000_000 * clients / rate)
        var next = Clock.monotonic() + interval * UInt64(number) / UInt64(clients)
        while !tally.ended.load(ordering: .relaxed) {
            let now = Clock.monotonic()
            if now < next { usleep(UInt32(next - now)) }
            next += interval
            let start = Clock.monotonic()
            do {
                let client = try TestSocket.connect(to: .loopback(port))
                defer { client.close() }
                let line = try client.receive(exactly: greeting.count)
                client.finish()
                let end = try client.receiveToEnd()
                guard line == greeting, end.bytes.isEmpty, end.end == .finished else {
                    tally.cut.add(1, ordering: .relaxed)
                    continue
                }
                tally.served.add(1, ordering: .relaxed)
                tally.times.withLock { $0.append(Clock.monotonic() - start) }
            } catch let error as Errno where error == .connectionRefused {
                tally.refused.add(1, ordering: .relaxed)
            } catch {
                tally.cut.add(1, ordering: .relaxed)
            }
        }
    }
}

/// A mailbox on one thread: greets, reads to the end, and closes.
private final class GreetingMailbox: Sendable {
    let address: InternetAddress
    private let isClosing: Flag
    private let thread: TailwartSystem.Thread

    private final class Flag: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    init(_ greeting: [UInt8]) throws {
        let (listener, isClosing) = (try TestListener(), Flag())
        address = try listener.address
        self.isClosing = isClosing
        thread = try TailwartSystem.Thread(name: "mailbox") {
            var open: [TestSocket] = []
            while !isClosing.isSet.load(ordering: .relaxed) {
                while let connection = try? listener.accept(within: open.isEmpty ? 20 : 1) {
                    try? connection.send(greeting)
                    open.append(connection)
                }
                // Whoever has said that it is done, or anything else, has heard the greeting.
                open.removeAll { connection in
                    guard connection.wait(for: POLLIN, milliseconds: 0), (try? connection.receive()) != [1] else {
                        return false
                    }
                    connection.close()
                    return true
                }
            }
            listener.close()
        }
    }

    func close() {
        isClosing.isSet.store(true, ordering: .relaxed)
        thread.join()
    }
}

/// What this process holds.
private struct Cost: CustomStringConvertible {
    private let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    private let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) ?? 0
    private let resident: String

    init() {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        resident = status.split(separator: "\n").first { $0.hasPrefix("VmRSS") }.map { String($0.dropFirst(6)) } ?? ""
    }

    var description: String {
        "\(descriptors) descriptors, \(threads) threads, resident\(resident.replacing("\t", with: " "))"
    }
}
