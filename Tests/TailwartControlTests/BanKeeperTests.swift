import Foundation
import Synchronization
import TailwartAdmin
import TailwartCore
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartControl
@testable import TailwartEngine

/// The thread that keeps bans: what it hears, what it puts in force, what it writes.
@Suite(.ownThreads) struct BanKeeperTests {
    /// What a keeper has to do with.
    private final class Door: Sendable {
        private struct State {
            var published: [BansInForce] = []
            var owners: [IPAddress] = []
        }

        let ledger: Ledger
        let ring: RecordRing
        private let said: Subscription
        private let state = Mutex(State())

        init() throws {
            ledger = try Ledger()
            ring = RecordRing(reader: ledger.waker)
            said = try ledger.subscribe(from: .info)
            ledger.follow([ring])
            try ledger.start()
        }

        func keeper(_ settings: BanSettings, isFirst: Bool = true) throws -> BanKeeper {
            try BanKeeper(
                settings, isFirst: isFirst, ledger: ledger,
                surroundings: .init(
                    own: { [IPAddress("203.0.113.99")].compactMap(\.self) },
                    owners: { self.state.withLock(\.owners) },
                    publish: { all in self.state.withLock { $0.published.append(all) } }))
        }

        var owners: [IPAddress] {
            get { state.withLock(\.owners) }
            set { state.withLock { $0.owners = newValue } }
        }

        var times: Int { state.withLock(\.published.count) }
        var inForce: BansInForce { state.withLock { $0.published.last ?? BansInForce() } }
        var banned: Set<String> { Set(inForce.banned.map { "\($0.network)" }) }
        func trusts(_ text: String) -> Bool { inForce.trusted.contains { "\($0)" == text } }

        /// All that was said until now, once the ledger has handed it on.
        func sentences() -> [String] {
            ledger.finish()
            return said.take().map { entries in
                entries.compactMap { if case .event(let event, _) = $0 { event.sentence } else { nil } }
            } ?? []
        }
    }

    private static let topology = Topology(
        Configuration(
            listeners: [ListenerProtocol.smtp, .imaps].map {
                Listener(name: $0.rawValue, bind: [.any(port: 25)], proto: $0, routes: [Route(to: .close)])
            }), addresses: { _ in [] })

    private static func record(
        of client: String, _ reason: CloseReason, listener: Int = 0, seconds: UInt64 = 0
    ) throws -> Record {
        var record = Record(
            retaining: topology, id: 1, acceptedAt: Clock.wall(), frontend: topology.frontends[listener])
        record.client = InternetAddress(try #require(IPAddress(client)), port: 40_000)
        record.ending = Ending(.client, reason)
        record.times.total = seconds * 1_000_000
        (record.inboundBytes, record.outboundBytes) = (100, 100)
        return record
    }

    private func inFolder(_ body: (TemporaryFolder) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try await body(folder)
    }

    private static func network(_ text: String) throws -> Network { try #require(Network(text)) }

    @Test func `an order is in force when it is answered, and is there again after a restart`() async throws {
        try await inFolder { folder in
            let settings = BanSettings(file: folder.file("bans").path)
            let door = try Door()
            let keeper = try door.keeper(settings)
            #expect(door.times == 1 && door.banned.isEmpty && door.trusts("203.0.113.99"), "before anybody comes")
            let one = try Self.network("203.0.113.7")
            #expect(keeper.add(one, time: .seconds(3600), reason: "noise").json["ok"]?.flag == true)
            #expect(door.banned == ["203.0.113.7"])
            #expect(
                keeper.order([.ban(try Self.network("203.0.113.8"), .crowdsec, source: "1", reason: "a", time: 3600)]))
            #expect(door.banned == ["203.0.113.7", "203.0.113.8"])
            keeper.stop()
            #expect(folder.file("bans").text.contains("ban manual 203.0.113.7 "))

            let next = try Door()
            let again = try next.keeper(settings)
            #expect(next.times == 1 && next.banned == ["203.0.113.7"], "CrowdSec says its own anew")
            #expect(again.remove(one, layer: nil).json["messages"]?.list?.count == 1)
            #expect(next.banned.isEmpty)
            again.stop()
            #expect(folder.file("bans").text == "tailwart bans 1\n")
        }
    }

    @Test func `who goes on with what is no hello is banned, and who has a mailbox here is not`() async throws {
        let door = try Door()
        let keeper = try door.keeper(BanSettings(file: nil))
        door.ring.push(try Self.record(of: "198.51.100.1", .closed, listener: 1, seconds: 300))
        door.ring.push(try Self.record(of: "198.51.100.2", .closed, listener: 1, seconds: 299))
        door.ring.push(try Self.record(of: "198.51.100.3", .closed, listener: 0, seconds: 3000))
        try await eventually("an owner is known") { door.trusts("198.51.100.1") ? true : nil }
        #expect(!door.trusts("198.51.100.2") && !door.trusts("198.51.100.3"))
        for _ in 0..<10 {
            for client in ["203.0.113.7", "198.51.100.1", "127.0.0.1"] {
                door.ring.push(try Self.record(of: client, .helloInvalid))
            }
            door.ring.push(try Self.record(of: "203.0.113.8", .clientLeft))
        }
        try await eventually("it is banned") { door.banned == ["203.0.113.7"] ? true : nil }
        keeper.stop()
        #expect(door.sentences().contains { $0.hasPrefix("203.0.113.7 is banned by this edge until") })
    }

    @Test func `who has a session open now is known before anybody is banned`() async throws {
        let door = try Door()
        let keeper = try door.keeper(BanSettings(file: nil))
        door.owners = [try #require(IPAddress("203.0.113.7"))]
        #expect(keeper.order([.ban(try Self.network("203.0.113.7"), .webhook, reason: "a", time: 60)]))
        #expect(door.banned == ["203.0.113.7"] && door.trusts("203.0.113.7"))
        #expect(keeper.why(try #require(IPAddress("203.0.113.7"))).json["banned"]?.flag == false)
        keeper.stop()
    }

    @Test func `a thousand orders are put in force a few times`() async throws {
        let door = try Door()
        let keeper = try door.keeper(BanSettings(file: nil))
        for number in 0..<1000 {
            keeper.give([
                .ban(Network(.v4(0x0900_0000 + UInt32(number))), .crowdsec, source: "1", reason: "a", time: 600)
            ])
        }
        #expect(keeper.order([.ban(try Self.network("203.0.113.7"), .manual, reason: "a", time: nil)]))
        #expect(door.banned.count == 1001)
        #expect(door.times < 500)
        keeper.stop()
    }

    @Test func `a webhook is answered when what it says holds, and only what is a body`() async throws {
        let door = try Door()
        let keeper = try door.keeper(BanSettings(file: nil))
        let time = UTCTime(seconds: Int(Clock.wall() / 1_000_000))
        let body = """
            {"events":[{"id":"17958893060558","createdAt":"\(time)","type":"security.scan-ban","data":{"remoteIp":"203.0.113.50"}}]}
            """
        #expect(keeper.webhook(Array(body.utf8)) == .inForce)
        #expect(door.banned == ["203.0.113.50"])
        #expect(keeper.webhook(Array(body.utf8)) == .inForce, "sent again")
        guard case AdminWebhook.Outcome.unreadable = keeper.webhook(Array("hello".utf8)) else {
            Issue.record("that is no body")
            return
        }
        keeper.stop()
    }

    @Test func `another configuration holds at once, with its file`() async throws {
        try await inFolder { folder in
            let door = try Door()
            var settings = BanSettings(file: folder.file("one").path)
            let keeper = try door.keeper(settings)
            _ = keeper.add(try Self.network("203.0.113.7"), time: nil, reason: "a")
            try folder.file("two").write("tailwart bans 1\nban manual 203.0.113.8 1 forever b\n")
            settings.file = folder.file("two").path
            settings.never = [try Self.network("192.0.2.0/24")]
            keeper.serve(settings)
            try await eventually("both are banned") { door.banned == ["203.0.113.7", "203.0.113.8"] ? true : nil }
            #expect(door.trusts("192.0.2.0/24"))
            try await eventually("both are written") {
                folder.file("two").text.contains("203.0.113.7") ? true : nil
            }
            settings.isObserving = true
            keeper.serve(settings)
            try await eventually("nobody is banned") { door.banned.isEmpty ? true : nil }
            keeper.stop()
        }
    }

    @Test func `another process takes what there is, and the file is its own then`() async throws {
        try await inFolder { folder in
            let settings = BanSettings(file: folder.file("bans").path)
            let (door, next) = (try Door(), try Door())
            let old = try door.keeper(settings)
            _ = old.add(try Self.network("203.0.113.7"), time: nil, reason: "a")
            _ = old.add(try Self.network("203.0.113.6"), time: nil, reason: "a")
            try await eventually("it is written") { folder.file("bans").text.contains("203.0.113.6") ? true : nil }
            let new = try next.keeper(settings, isFirst: false)
            #expect(next.banned == ["203.0.113.6", "203.0.113.7"])
            _ = old.add(try Self.network("203.0.113.8"), time: nil, reason: "a")
            _ = old.remove(try Self.network("203.0.113.6"), layer: nil)
            new.adopt(old.snapshot())
            #expect(next.banned == ["203.0.113.7", "203.0.113.8"], "with what was lifted meanwhile")
            old.letGo()
            new.begin()
            _ = new.add(try Self.network("203.0.113.9"), time: nil, reason: "a")
            new.stop()
            let text = folder.file("bans").text
            _ = old.remove(try Self.network("203.0.113.7"), layer: nil)
            old.stop()
            #expect(folder.file("bans").text == text && text.contains("203.0.113.9"))
        }
    }

    @Test func `who takes over with nothing to keep says nothing of a file that cannot be written`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let door = try Door()
        let settings = BanSettings(file: folder.file("missing/bans").path)
        let old = try door.keeper(settings)
        let new = try door.keeper(settings, isFirst: false)
        new.adopt(old.snapshot())
        new.begin()
        new.stop()
        old.stop()
        #expect(door.sentences() == [])
    }

    @Test func `a ban that was lifted a moment before another process takes over is in no file`() async throws {
        try await inFolder { folder in
            let settings = BanSettings(file: folder.file("bans").path)
            let (door, next) = (try Door(), try Door())
            let old = try door.keeper(settings)
            let new = try next.keeper(settings, isFirst: false)
            _ = old.add(try Self.network("203.0.113.7"), time: nil, reason: "a")
            try await eventually("it is written") { folder.file("bans").text.contains("203.0.113.7") ? true : nil }
            // Within the second that the file waits for.
            _ = old.remove(try Self.network("203.0.113.7"), layer: nil)
            old.letGo()
            new.adopt(old.snapshot())
            new.begin()
            new.stop()
            #expect(!folder.file("bans").text.contains("203.0.113.7"))
            old.stop()
        }
    }

    @Test func `strikes and what the webhook said go on counting in the process that takes over`() throws {
        let (door, next) = (try Door(), try Door())
        let old = try door.keeper(BanSettings(file: nil))
        let failures = { (numbers: Range<Int>) in
            let time = "\(UTCTime(seconds: Int(Clock.wall() / 1_000_000)))"
            let events = numbers.map {
                #"{"id":"\#($0)","createdAt":"\#(time)","type":"auth.failed","data":{"remoteIp":"203.0.113.7"}}"#
            }
            return Array(#"{"events":[\#(events.joined(separator: ","))]}"#.utf8)
        }
        // Three failed logins are a strike, and ten strikes a ban.
        #expect(old.webhook(failures(0..<29)) == .inForce)
        let new = try next.keeper(BanSettings(file: nil), isFirst: false)
        new.adopt(old.snapshot())
        new.begin()
        #expect(new.webhook(failures(0..<29)) == .inForce)
        #expect(next.banned == [], "the same again")
        #expect(new.webhook(failures(29..<30)) == .inForce)
        #expect(next.banned == ["203.0.113.7"])
        old.stop()
        new.stop()
    }

    @Test func `what was found out since a process serves stays, if the old one's bans come late`() throws {
        let (door, next) = (try Door(), try Door())
        let (old, new) = (try door.keeper(BanSettings(file: nil)), try next.keeper(BanSettings(file: nil)))
        _ = old.add(try Self.network("203.0.113.7"), time: nil, reason: "a")
        _ = new.add(try Self.network("203.0.113.8"), time: nil, reason: "a")
        new.adopt(old.snapshot(), isServing: true)
        #expect(next.banned == ["203.0.113.7", "203.0.113.8"])
        new.adopt(Array("nonsense".utf8))
        #expect(next.banned == ["203.0.113.7", "203.0.113.8"])
        old.stop()
        new.stop()
    }

    @Test func `a process that never serves leaves the file alone`() throws {
        let folder = try TemporaryFolder()
        let door = try Door()
        try folder.file("bans").write("tailwart bans 1\nban manual 203.0.113.7 1 forever a\n")
        let keeper = try door.keeper(BanSettings(file: folder.file("bans").path), isFirst: false)
        _ = keeper.add(try Self.network("203.0.113.8"), time: nil, reason: "a")
        keeper.stop()
        #expect(folder.file("bans").text == "tailwart bans 1\nban manual 203.0.113.7 1 forever a\n")
        folder.remove()
    }

    // MARK: - files that are not as they should be

    @Test(arguments: ["tailwart bans 2\nban manual 203.0.113.7 1 forever a\n", "hello", ""])
    func `a file that cannot be read is set aside and never written over`(text: String) async throws {
        try await inFolder { folder in
            let file = folder.file("bans")
            try file.write(text)
            try folder.file("bans.unreadable").write("of another day")
            let door = try Door()
            let keeper = try door.keeper(BanSettings(file: file.path))
            _ = keeper.add(try Self.network("203.0.113.8"), time: nil, reason: "a")
            keeper.stop()
            #expect(folder.file("bans.unreadable").text == "of another day")
            #expect(folder.file("bans.unreadable.2").text == text)
            #expect(file.text.contains("203.0.113.8"))
            #expect(door.sentences().contains { $0.contains("bans.unreadable.2 now") })
        }
    }

    @Test func `damaged lines are left out and said`() async throws {
        try await inFolder { folder in
            let file = folder.file("bans")
            try file.write("tailwart bans 1\nban manual 203.0.113.7 1 forever a\nban manu")
            let door = try Door()
            let keeper = try door.keeper(BanSettings(file: file.path))
            #expect(door.banned == ["203.0.113.7"])
            keeper.stop()
            #expect(door.sentences().contains { $0.hasPrefix("1 lines of \(file.path) are damaged and left out (3)") })
        }
    }

    @Test func `where nothing can be written bans hold all the same, and it is said once`() async throws {
        try await inFolder { folder in
            let door = try Door()
            let keeper = try door.keeper(BanSettings(file: folder.file("none/bans").path))
            for number in 1...3 {
                #expect(
                    keeper.add(try Self.network("203.0.113.\(number)"), time: nil, reason: "a").json["ok"]?.flag == true
                )
            }
            #expect(door.banned.count == 3)
            keeper.stop()
            #expect(door.sentences().filter { $0.hasPrefix("bans are kept in memory only") }.count == 1)
        }
    }

    @Test func `what is in the place of the file and is none stays there`() async throws {
        try await inFolder { folder in
            let path = try folder.makeFolder("bans")
            let door = try Door()
            let keeper = try door.keeper(BanSettings(file: path))
            _ = keeper.add(try Self.network("203.0.113.1"), time: nil, reason: "a")
            keeper.stop()
            #expect(try FileSystem.kind(of: path) == .folder)
            #expect(door.sentences().contains { $0.hasPrefix("\(path) is not a regular file") })
        }
    }
}
