import Foundation
import TailwartCore
import TailwartWire
import Testing

/// The tables of docs/events.md and those of the code.
@Suite struct EventTableTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/events.md")

    /// The cells of each row of the table under a heading, without backquotes.
    private func rows(under heading: String) throws -> [[String]] {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let section = try #require(text.components(separatedBy: "\n## ").first { $0.hasPrefix(heading + "\n") })
        return section.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            line.dropFirst().dropLast().components(separatedBy: "|").map {
                $0.replacingOccurrences(of: "`", with: "").trimmingCharacters(in: .whitespaces)
            }
        }
    }

    @Test func `the table of events says what the code says`() throws {
        let rows = try rows(under: "Events")
        #expect(rows.map { $0[0] } == EdgeEvent.Kind.allCases.map(\.name))
        for (row, kind) in zip(rows, EdgeEvent.Kind.allCases) {
            try #require(row.count == 4, "\(kind.name): event, level, keys, when")
            #expect(row[1] == kind.levels.map(\.rawValue).joined(separator: ", "), "\(kind.name)")
            #expect(row[2] == kind.keys.map(\.rawValue).joined(separator: " "), "\(kind.name)")
            #expect(!row[3].isEmpty)
        }
    }

    @Test func `the table of records says what the code says`() throws {
        let rows = try rows(under: "Records")
        #expect(rows.map { $0[0] } == RecordLine.keys.map(\.rawValue))
        #expect(rows.allSatisfy { $0.count == 2 && !$0[1].isEmpty })
    }

    @Test func `the table of notices says what the code says, and all keys are always there`() throws {
        let rows = try rows(under: "Notices")
        #expect(rows.allSatisfy { $0.count == 2 && !$0[1].isEmpty })
        let notice = Notice(testAt: 1).json(edge: "mx.example.org", version: "1")
        #expect(notice.members?.map(\.key) == rows.map { $0[0] })
        #expect(notice["title"]?.text == "mx.example.org: a test")
        let kinds = try #require(rows.first)[1]
        #expect(NoticeKind.allCases.allSatisfy { kinds.contains($0.rawValue) })
    }

    @Test func `every key of an event is explained once, and no other`() throws {
        let explained = try rows(under: "Keys of events").map { $0[0] }
        #expect(explained.count == Set(explained).count)
        #expect(Set(explained) == Set(EdgeEvent.Kind.allCases.flatMap(\.keys).map(\.rawValue)))
        let used = Set(EdgeEvent.Kind.allCases.flatMap(\.keys) + RecordLine.keys)
        #expect(used == Set(EventKey.allCases))
    }

    @Test func `every change of the tailnet is named`() throws {
        let row = try #require(try rows(under: "Keys of events").first { $0[0] == "change" })
        #expect(
            row[1] == "what changed in the tailnet: "
                + TailnetNews.Change.allCases.map(\.rawValue).joined(separator: " "))
    }

    private static let place = ProbedPlace(
        upstream: "mailbox", endpoint: "stalwart.example", hasPort: false, port: 443, proto: .https)
    private static let submissions = ProbedPlace(
        upstream: "mailbox", endpoint: "stalwart.example", hasPort: false, port: 465, proto: .submissions)
    private static let certificate = CertificateReport(
        subject: "CN=a", issuer: "CN=b", names: ["a.example"], notBefore: 1, notAfter: 2, lifetimeLeft: 0.5,
        isSelfSigned: false, isFallback: false, chainProblem: nil, missingNames: [])
    private static let news: TailnetNews = {
        var news = TailnetNews(change: .path, level: .warning, sentence: "the path is long", fix: "open a port")
        news.name = "a.example"
        news.roundTrip = .microseconds(12_345)
        news.lastHandshake = 1000
        news.handshakeAge = 7
        return news
    }()

    private static func banned(until: Int?) -> Ban {
        Ban(Network(.v4(0xcb00_7107)), .strikes, reason: "10 × no TLS hello", since: 1_795_900_000, until: until)
    }

    private static func difference(_ change: (inout Configuration) -> Void) -> ConfigurationDifference {
        var after = Configuration()
        change(&after)
        return ConfigurationDifference(from: Configuration(), to: after)
    }

    /// Every event with everything known, and what is said of it.
    private static let samples: [(EdgeEvent, EventLevel, String)] = [
        (
            .listening(
                version: "tailwart 1",
                [
                    .init(.any(port: 25), listener: "smtp"),
                    .init(.internet(InternetAddress(.loopbackV4, port: 2525)), listener: "test"),
                ]), .info, "tailwart 1 listens on :25 (smtp), 127.0.0.1:2525 (test)"
        ),
        (
            .addressMissing(.init(.internet(InternetAddress(.loopbackV4, port: 25)), listener: "smtp")), .warning,
            "this host does not have the address of 127.0.0.1:25 (smtp): the edge serves there once it has it; if it never will have it, "
                + "correct 'bind' (see `ip address`)"
        ),
        (
            .adminUnavailable(socket: "/run/tailwart/admin.sock", failure: "another process listens there"), .info,
            "the admin interface at /run/tailwart/admin.sock cannot be used: another process listens there; set 'admin.socket' to "
                + "another path, or to off"
        ),
        (
            .descriptorsShort(limit: 64, connections: 1000), .warning,
            "max_connections is 1000, but this process may open only 64 descriptors, two per connection; raise the limit "
                + "(LimitNOFILE= in systemd, ulimits: {nofile: …} in Compose, ulimit -n), or lower max_connections"
        ),
        (
            .descriptorsExhausted(limit: 64), .error,
            "this process has used up the 64 descriptors that it may open, and turns clients away; raise the limit "
                + "(LimitNOFILE= in systemd, ulimits: {nofile: …} in Compose, ulimit -n), or lower max_connections"
        ),
        (
            .descriptorsExhausted(limit: nil), .error,
            "this host has no descriptor or memory left, and turns clients away; see what takes them (`free -h`, "
                + "`sysctl fs.file-nr fs.file-max`), and give it less or the host more"
        ),
        (.descriptorsFree, .info, "for an hour no client was turned away for want of descriptors"),
        (.resolved(name: "a.example", [.loopbackV4], source: "DNS"), .info, "a.example is 127.0.0.1 (DNS)"),
        (
            .unresolved(name: "a.example", failure: "no such name", keepsAddresses: true), .warning,
            "a.example does not resolve: no such name; the last known addresses are used"
        ),
        (
            .unresolved(name: "a.example", failure: "no such name", keepsAddresses: false), .warning,
            "a.example does not resolve: no such name; no address is known yet"
        ),
        (.listLoaded(ListNews("list deny.txt", networks: 1)), .info, "list deny.txt has 1 network"),
        (
            .listLoaded(ListNews("list deny.txt", networks: 2, skipped: 1, problems: ["line 3 is not a network: 'x'"])),
            .warning, "list deny.txt has 2 networks; line 3 is not a network: 'x'"
        ),
        (
            .listFailed(name: "list deny.txt", failure: "/etc/deny.txt is not a regular file", kept: 7), .warning,
            "list deny.txt cannot be used: /etc/deny.txt is not a regular file; the last version stays in force, with 7 networks"
        ),
        (
            .listFailed(name: "list a.example/b", failure: "a.example has no address", kept: nil), .warning,
            "list a.example/b cannot be used: a.example has no address; nobody is denied or allowed by it yet"
        ),
        (
            .verdict(
                place, ProbeResult(.well, "It answers.", certificate: certificate, roundTrip: .microseconds(5)),
                serverName: "a.example"), .info, "mailbox stalwart.example:443 (https, a.example): well: It answers."
        ),
        (
            .verdict(place, ProbeResult(.refused, "Refused."), serverName: nil), .error,
            "mailbox stalwart.example:443 (https): refused: \(Verdict.refused.cause) Refused. "
                + ProbeResult(.refused, "Refused.").fix(.https)
        ),
        (
            .verdict(place, ProbeResult(.certificateExpiring, "Soon."), serverName: nil), .warning,
            "mailbox stalwart.example:443 (https): certificate_expiring: \(Verdict.certificateExpiring.cause) Soon. "
                + Verdict.certificateExpiring.fix
        ),
        (
            .health([place], isHealthy: false, .probes), .error,
            "mailbox stalwart.example:443 (https) is unhealthy, as probes say: it gets no connections except trials"
        ),
        (
            .health([place], isHealthy: true, .connections), .info,
            "mailbox stalwart.example:443 (https) is healthy, as connections say"
        ),
        (
            .health(
                [place, submissions], isHealthy: true, .both,
                found: Diagnosis([AskedPlace(place, serverName: nil)], ProbeResult(.well, "It answers."))), .info,
            "mailbox stalwart.example:443 (https), :465 (submissions) is healthy, as probes and connections say: It answers."
        ),
        (
            .tailnet(news), .warning,
            "the path is long, 12 ms round trip, last handshake 7 s ago; open a port"
        ),
        (
            .userspace(["a.example", "b.example"]), .error,
            "tailscaled runs in userspace mode, so a.example, b.example cannot be dialled directly; set via: tailscale for that "
                + "upstream"
        ),
        (
            .signalIgnored(.user1), .warning,
            "SIGUSR1 is ignored: SIGHUP reloads the configuration, and the log on standard output needs no reopening"
        ),
        (
            .reloaded(difference { $0.drain = .seconds(1) }, warnings: []), .info, "reloaded: drain: 30s → 1s"
        ),
        (.reloaded(difference { _ in }, warnings: []), .info, "reloaded: nothing has changed"),
        (
            .reloaded(difference { $0.workers = 2 }, warnings: []), .warning,
            "reloaded: workers: one for each core → 2 needs a restart; until then it is one for each core"
        ),
        (
            .reloaded(
                difference { $0.maxConnections = 9 },
                warnings: [.init(.warning, "this does nothing", file: "a.yaml", at: TextPosition(line: 2, column: 3))]),
            .warning,
            "reloaded: max_connections: 8000 → 9; a.yaml:2:3: warning: this does nothing"
        ),
        (
            .reloadFailed([
                .init(.error, "unknown key", file: "a.yaml", at: TextPosition(line: 2, column: 3)),
                .init(.error, "port 25 is taken", fix: "Stop that service."),
            ]), .error,
            "reload failed, nothing has changed: a.yaml:2:3: error: unknown key; error: port 25 is taken. Stop that service."
        ),
        (
            .noticeSent(to: "/bin/a", Notice(testAt: 1), lost: 0), .info, "sent to /bin/a: test"
        ),
        (
            .noticeSent(to: "https://a.example", Notice(testAt: 1), lost: 2), .warning,
            "sent to https://a.example: test; 2 notices before it were dropped"
        ),
        (
            .noticeFailed(to: "https://a.example", failure: "it answers with 500"), .warning,
            "notice to https://a.example failed: it answers with 500; it will be sent again (`tailwart check --notify` sends a test)"
        ),
        (
            .ban(BanNews(banned(until: 1_795_932_000))), .info,
            "203.0.113.7 is banned by this edge until 2026-11-29T06:00:00Z: 10 × no TLS hello"
        ),
        (
            .ban(BanNews(banned(until: nil), isObserved: true)), .info,
            "203.0.113.7 would be banned by this edge for ever: 10 × no TLS hello; 'bans.observe' is on"
        ),
        (
            .ban(BanNews(banned(until: nil), isObserved: true, exemption: .never(Network(.v4(0xcb00_7107))))), .info,
            "this edge bans 203.0.113.7 for ever: 10 × no TLS hello; that has no effect here: 203.0.113.7 is in 'bans.never'"
        ),
        (.ban(BanNews(banned(until: nil), isLifted: true)), .info, "203.0.113.7 is no longer banned by this edge"),
        (
            .bansFailed("the disk is full", fix: "make room"), .warning, "the disk is full; make room"
        ),
        (
            .clientTableFull(connections: 3, slots: 8), .warning,
            "the table of 8 client networks is full, and 3 connections were served without limits; "
                + "raise 'limits.table' (16 bytes each)"
        ),
        (
            .headerUnexpected(.v4(0xc000_0207), listener: "smtp"), .warning,
            "192.0.2.7 begins its connections with a PROXY header, and smtp takes none: they are turned away; if it is a load balancer in "
                + "front of this edge, set proxy_protocol_in: {trusted: [\"192.0.2.7\"]} for the listener; if it is an address of this host, "
                + "the mailbox's address leads back to this edge"
        ),
        (
            .edgeBanned([.loopbackV4]), .error,
            "the mailbox bans this edge (127.0.0.1). \(Verdict.banned.fix(of: .stalwart))"
        ),
        (
            .takeover([.init(.any(port: 25), listener: "smtp")]), .info,
            "took over from the old process, which drains; listens on :25 (smtp)"
        ),
        (
            .takeoverFailed("port 465 is taken"), .error,
            "a takeover by another process failed, this one keeps serving: port 465 is taken"
        ),
        (
            .draining(.terminated, live: 1, limit: .seconds(90)), .info,
            "SIGTERM: no longer accepting; 1 connection may finish within 1m30s, a second signal ends at once"
        ),
        (.cutShort(.interrupted, live: 2), .info, "SIGINT again: ending 2 connections at once"),
        (.stopped(accepted: 0), .info, "stopped after 0 connections"),
        (.eventsLost(3), .warning, "3 log lines were lost: standard output is not being read"),
        (.recordsLost(3), .warning, "3 connection records were lost: standard output is not read fast enough"),
        (
            .eventsLost(1, failure: "the disk is full"), .warning, "1 log lines were lost: the disk is full"
        ),
        (
            .recordsLost(2, failure: "the disk is full"), .warning,
            "2 connection records were lost: the disk is full"
        ),
        (.sandbox("smtp: greeted"), .info, "    mailbox: smtp: greeted"),
    ]

    @Test(arguments: samples)
    func `an event has a level of its kind and a sentence`(event: EdgeEvent, level: EventLevel, sentence: String) {
        #expect(event.level == level)
        #expect(event.kind.levels.contains(level))
        #expect(event.sentence == sentence)
    }

    @Test(arguments: EdgeEvent.Kind.allCases)
    func `every key of a kind has a value in some event, and no event has another`(kind: EdgeEvent.Kind) {
        let events = Self.samples.map(\.0).filter { $0.kind == kind }
        #expect(!events.isEmpty)
        let known = EventKey.allCases.filter { key in events.contains { $0.value(of: key) != nil } }
        #expect(Set(known) == Set(kind.keys))
    }

    @Test func `values are what programs can reckon with`() {
        let verdict = Self.samples[14].0
        #expect(verdict.value(of: .port) == .number(443))
        let both = EdgeEvent.health([Self.submissions, Self.place], isHealthy: false, .probes)
        #expect(both.value(of: .port) == .number(465) && both.value(of: .ports) == .numbers([465, 443]))
        #expect(verdict.value(of: .certificateLifetimeLeft) == .number(50))
        #expect(verdict.value(of: .certificateNames) == .list(["a.example"]))
        #expect(verdict.value(of: .toConnectMicroseconds) == .number(5))
        #expect(EdgeEvent.tailnet(Self.news).value(of: .roundTrip) == .number(12_345))
        #expect(EdgeEvent.health([Self.place], isHealthy: false, .probes).value(of: .standing) == .text("unhealthy"))
    }
}
