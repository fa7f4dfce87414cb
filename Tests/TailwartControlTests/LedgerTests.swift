import Glibc
import Synchronization
import TailwartConfig
import TailwartCore
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartControl
@testable import TailwartEngine

@Suite(.ownThreads) struct LedgerTests {
    private static let topology = topology("mail", "web")

    private static func topology(_ listeners: String...) -> Topology {
        let listeners = listeners.map {
            Listener(name: $0, bind: [.any(port: 25)], proto: .smtp, routes: [Route(to: .close)])
        }
        return Topology(Configuration(listeners: listeners), addresses: { _ in [] })
    }

    /// A connection that came and went at once, a millisecond after the one before.
    private static func record(_ number: Int, listener: Int = 0, _ reason: CloseReason = .closed) -> Record {
        var record = Record(
            retaining: topology, id: UInt64(number), acceptedAt: 1_795_469_907_000_000 + Int64(number) * 1000,
            frontend: topology.frontends[listener])
        record.ending = Ending(.client, reason)
        record.inboundBytes = 3
        record.outboundBytes = 5
        return record
    }

    @Test(arguments: [ListenerProtocol.smtp, .submission, .imap])
    func `what clients on 25 hand over is told to the place`(proto: ListenerProtocol) async throws {
        let configuration = Configuration(
            upstreams: [Upstream(name: "mailbox", endpoints: [Endpoint(.name("a.example"))])],
            listeners: [
                Listener(
                    name: "mail", bind: [.any(port: 25)], proto: proto,
                    routes: [Route(to: .upstream("mailbox", port: nil))])
            ])
        let topology = Topology(configuration, addresses: { _ in [] })
        let place = topology.approaches[0].place
        let ring = try RecordRing(reader: Waker())
        let ledger = try Ledger()
        ledger.follow([ring])
        try ledger.start()
        for number in 1...10 {
            var record = Record(
                retaining: topology, id: UInt64(number), acceptedAt: 0, frontend: topology.frontends[0])
            record.place = .passUnretained(place)
            (record.inboundBytes, record.outboundBytes) = (100, 100)
            ring.push(record)
        }
        ledger.finish()
        #expect(place.getsNoMail == (proto == .smtp))
    }

    @Test func `who asks for the health of places gets what belongs together`() throws {
        let ledger = try Ledger()
        let place = ProbedPlace(upstream: "mailbox", endpoint: "a.example", hasPort: false, port: 25, proto: .smtp)
        let (report, result) = (PlaceReport(place, .healthy, [:]), ProbeResult(.well, "Seen."))
        let diagnosis = Diagnosis([AskedPlace(place, serverName: nil)], result)
        let writer = try Thread(name: "writer") {
            for number in 1...20_000 {
                ledger.health = .init(
                    places: Array(repeating: report, count: number % 2),
                    diagnoses: Array(repeating: diagnosis, count: number % 2))
            }
        }
        for _ in 1...20_000 {
            let health = ledger.health
            if health.places.count != health.diagnoses.count { Issue.record("one of before, one of after") }
        }
        writer.join()
    }

    /// Reads a subscription on a thread of its own, to the end.
    private final class Reader: Sendable {
        private let taken = Mutex<[LedgerEntry]>([])
        private let thread = Mutex<Thread?>(nil)

        init(_ subscription: Subscription) throws {
            let made = try Thread(name: "reader") { [self] in
                while let entries = subscription.next() { taken.withLock { $0 += entries } }
            }
            thread.withLock { $0 = made }
        }

        /// All of it, once the ledger has ended.
        func join() -> [LedgerEntry] {
            thread.withLock { $0 }?.join()
            return taken.withLock { $0 }
        }

        var count: Int { taken.withLock(\.count) }
    }

    /// Writes into the ring no faster than the ledger takes.
    private func push(_ records: [Record], to ring: RecordRing) async throws {
        for (index, record) in records.enumerated() {
            if index % 256 == 0 { try await eventually("the ledger takes records") { ring.isEmpty ? true : nil } }
            ring.push(record)
        }
        try await eventually("the ledger takes the last record") { ring.isEmpty ? true : nil }
    }

    @Test func `a reader that stalls for ever takes nothing from the others, and the totals are exact`() async throws {
        Signals.ignoreBrokenPipes()
        var descriptors: [CInt] = [0, 0]
        let isOpen = pipe(&descriptors) == 0
        try #require(isOpen)
        let (output, input) = (descriptors[0], descriptors[1])
        let ledger = try Ledger()
        let ring = RecordRing(reader: ledger.waker)
        // Nobody reads this pipe.
        try LineWriter(LogSettings(format: .json), of: ledger, output: input)
        let reader = try Reader(try ledger.subscribe(from: .debug))
        ledger.follow([ring])
        try ledger.start()
        let count = 4000
        let reasons: [CloseReason] = [.closed, .reset, .clientLeft]
        try await push((0..<count).map { Self.record($0, listener: $0 % 2, reasons[$0 % 3]) }, to: ring)
        ledger.post(.stopped(accepted: count))
        try await eventually("the reader that reads has everything") { reader.count == count + 1 ? true : nil }

        let totals = ledger.totals
        #expect(totals.lostRecords == 0 && totals.lostEvents == 0)
        #expect(totals.inboundBytes == UInt64(3 * count) && totals.outboundBytes == UInt64(5 * count))
        #expect(totals.connections.values.reduce(0, +) == count)
        for (listener, name) in ["mail", "web"].enumerated() {
            for (number, reason) in reasons.enumerated() {
                let expected = (0..<count).count { $0 % 2 == listener && $0 % 3 == number }
                #expect(totals.connections[Totals.Key(listener: name, reason: reason)] == expected)
            }
        }

        // Now that somebody reads the pipe: what was written and what was lost are all there was.
        let text = try await readAll(output) {
            #expect(ledger.finish())
            close(input)
        }
        let entries = reader.join()
        let ids = entries.compactMap { if case .record(let record) = $0 { Int(record.record.id) } else { nil } }
        #expect(ids == Array(0..<count))
        guard case .event(.stopped(count), _)? = entries.last else {
            Issue.record("the last entry is not the last event")
            return
        }
        let lines = text.split(separator: "\n")
        let written = lines.count { $0.contains(#""message":"connection""#) }
        let lost = lines.compactMap { $0.firstMatch(of: #/"event":"records_lost","lost":(\d+)/#)?.1 }
            .compactMap { Int($0) }
        #expect(!lost.isEmpty)
        #expect(written + lost.reduce(0, +) == count)
        #expect(lines.last?.contains("stopped after \(count) connections") == true)
    }

    /// What comes out of a descriptor while `body` runs on another thread, to its end.
    private func readAll(_ descriptor: CInt, _ body: @escaping @Sendable () -> Void) async throws -> String {
        let thread = try Thread(name: "writer", body)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        close(descriptor)
        thread.join()
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `what a record refers to lives until the last reader has let go of it, and no longer`() throws {
        weak var topology: Topology?
        let ledger = try Ledger()
        let subscriptions = try (0..<3).map { _ in try ledger.subscribe(from: .info) }
        let ring = RecordRing(reader: ledger.waker)
        do {
            let made = Self.topology("mail")
            topology = made
            ring.push(Record(retaining: made, id: 1, acceptedAt: 0, frontend: made.frontends[0]))
        }
        ledger.follow([ring])
        try ledger.start()
        for subscription in subscriptions {
            #expect(topology != nil)
            #expect(subscription.next()?.count == 1)
        }
        #expect(!ledger.finish())
        #expect(topology == nil)
    }

    @Test func `a subscriber that is full is told how much it lost, where it would have stood`() throws {
        let subscription = try Subscription(from: .info, ended: try Waker())
        let records = (0..<(Subscription.recordLimit + 7)).map {
            LedgerEntry.record(SharedRecord(taking: Self.record($0)))
        }
        subscription.offer(records, lostRecords: 0, lostEvents: 0)
        // Records drown no event.
        subscription.offer([.event(.stopped(accepted: 1), at: 0)], lostRecords: 3, lostEvents: 2)
        let events = try #require(subscription.next()).compactMap { entry -> EdgeEvent? in
            if case .event(let event, _) = entry { event } else { nil }
        }
        #expect(events == [.recordsLost(7), .stopped(accepted: 1), .eventsLost(2), .recordsLost(3)])
        let flood = [LedgerEntry](
            repeating: .event(.stopped(accepted: 1), at: 0), count: Subscription.eventLimit + 1)
        subscription.offer(flood, lostRecords: 0, lostEvents: 0)
        let last = try #require(subscription.next())
        #expect(last.count == Subscription.eventLimit + 1)
        guard case .event(.eventsLost(1, failure: nil), _)? = last.last else {
            Issue.record("the lost event is not counted")
            return
        }
    }

    @Test(
        arguments: [
            (EventLevel.debug, ["connection", "stopped", "unresolved"]),
            (.info, ["connection", "stopped", "unresolved"]), (.warning, ["unresolved"]), (.error, []),
        ])
    func `a subscriber gets what is grave enough for it`(level: EventLevel, expected: [String]) throws {
        let subscription = try Subscription(from: level, ended: try Waker())
        subscription.offer(
            [
                .record(SharedRecord(taking: Self.record(1))), .event(.stopped(accepted: 1), at: 0),
                .event(.unresolved(name: "a.example", failure: "refused", keepsAddresses: false), at: 0),
            ], lostRecords: level <= .info ? 0 : 5, lostEvents: 0)
        subscription.close()
        let names = (subscription.next() ?? []).map { entry in
            if case .event(let event, _) = entry { event.kind.name } else { "connection" }
        }
        #expect(names == expected)
        #expect(subscription.next() == nil)
        #expect(subscription.hasEnded)
    }

    @Test func `records come before what was said after they ended`() throws {
        let ledger = try Ledger()
        let subscription = try ledger.subscribe(from: .info)
        let ring = RecordRing(reader: ledger.waker)
        ledger.post(.stopped(accepted: 1))
        ring.push(Self.record(1))
        ledger.follow([ring])
        try ledger.start()
        let entries = try #require(subscription.next())
        #expect(entries.count == 2)
        guard case .record? = entries.first, case .event? = entries.last else {
            Issue.record("the record comes after the event")
            return
        }
        ledger.finish()
    }

    @Test(arguments: zip(RecordsWanted.allCases, [[], [1, 3], [0, 1, 2, 3]]))
    func `a reader gets the records that it wants, and every event`(wanted: RecordsWanted, ids: [UInt64]) async throws {
        let ledger = try Ledger()
        let subscription = ledger.subscribe(from: .debug, records: wanted) {}
        let ring = RecordRing(reader: ledger.waker)
        for (number, reason) in [CloseReason.closed, .upstreamRefused, .reset, .edgeLimit].enumerated() {
            ring.push(Self.record(number, reason))
        }
        ledger.follow([ring])
        try ledger.start()
        ledger.post(.stopped(accepted: 4))
        var entries: [LedgerEntry] = []
        try await eventually("all has come") {
            entries += subscription.take() ?? []
            return entries.count > ids.count ? true : nil
        }
        #expect(entries.compactMap { if case .record(let record) = $0 { record.record.id } else { nil } } == ids)
        #expect(entries.count == ids.count + 1)
        ledger.unsubscribe(subscription)
        ledger.finish()
    }

    @Test func `a reader is not woken for what is all for others`() async throws {
        let ledger = try Ledger()
        let ring = RecordRing(reader: ledger.waker)
        let woken = Atomic<Int>(0)
        let subscription = ledger.subscribe(from: .debug, records: .unserved) { woken.add(1, ordering: .relaxed) }
        let reader = try Reader(try ledger.subscribe(from: .debug))
        #expect(subscription.take()?.isEmpty == true)
        ledger.follow([ring])
        try ledger.start()
        let count = 1000
        try await push((0..<count).map { Self.record($0) }, to: ring)
        try await eventually("who wants all has all") { reader.count == count ? true : nil }
        #expect(woken.load(ordering: .relaxed) == 0)
        ring.push(Self.record(count, .upstreamRefused))
        try await eventually("it is woken") { woken.load(ordering: .relaxed) == 1 ? true : nil }
        #expect(subscription.take()?.count == 1)
        ledger.unsubscribe(subscription)
        ledger.finish()
        _ = reader.join()
    }

    @Test func `the end waits for every reader, but not for ever`() throws {
        let ledger = try Ledger()
        let subscription = try ledger.subscribe(from: .info)
        try ledger.start()
        ledger.post(.stopped(accepted: 1))
        let reader = try Reader(subscription)
        #expect(ledger.finish())
        #expect(reader.join().count == 1)
    }
}
