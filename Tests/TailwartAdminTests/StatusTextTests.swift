import TailwartAdmin
import TailwartWire
import Testing

@Suite struct StatusTextTests {
    private func status(_ text: String) throws -> JSON { try JSONReader.read(Array(text.utf8).span) }

    private static let whole = """
        {"ok": false, "problems": [{"severity": "error", "message": "it is away", "fix": "Switch it on."},
        {"severity": "warning", "message": "it is slow", "fix": null}], "version": "tailwart 1", "pid": 7,
        "state": "serving", "uptime_s": 3725, "listeners": [{"name": "smtp", "protocol": "smtp", "addresses": [":25"],
        "open": 3, "accepted": 1200, "refused": 12, "bytes_in": 1234, "bytes_out": 5678901}],
        "places": [{"upstream": "mailbox", "endpoint": "a.example", "port": 25, "protocol": "smtp", "addresses": [],
        "standing": "unhealthy", "for_s": 61, "verdicts": [{"server_name": null, "verdict": "refused", "for_s": 90000,
        "connect_us": 1234}]}], "totals": {"open": 3, "accepted": 1200, "bytes_in": 1, "bytes_out": 2,
        "lost_records": 0, "lost_events": 2}, "endings": [{"reason": "closed", "count": 5}],
        "bans": {"layers": [{"layer": "manual", "count": 2}, {"layer": "strikes", "count": 0},
        {"layer": "crowdsec", "count": 7}], "observe": true, "failure": "the disk is full"},
        "turned_away": [{"network": "203.0.113.7", "count": 12, "banned": true, "reasons": [
        {"reason": "client_rate", "count": 10}, {"reason": "client_banned", "count": 2}]},
        {"network": "2001:db8:1:2::/64", "count": 3, "banned": false, "reasons": [{"reason": "no_route", "count": 3}]}],
        "events": [{"time": "T", "level": "error", "message": "bad"}]}
        """

    @Test(arguments: [
        ([], "mailbox a.example:25, :993; spare unix:/run/mail.sock"), (["mailbox"], "mailbox a.example:25, :993"),
        (["spare"], "spare unix:/run/mail.sock"), (["web"], nil as String?), (["nobody"], nil),
    ])
    func `who waits for probes is told which endpoints are asked`(upstreams: [String], words: String?) throws {
        func place(_ upstream: String, _ endpoint: String, _ port: Int, isProbed: Bool = true) -> String {
            """
            {"upstream": "\(upstream)", "endpoint": "\(endpoint)", "port": \(port), "verdicts": [\(isProbed ? "{}" : "")]}
            """
        }
        let places = [
            place("mailbox", "a.example", 25), place("mailbox", "a.example:993", 993),
            place("web", "127.0.0.1", 8443, isProbed: false), place("spare", "unix:/run/mail.sock", 0),
        ]
        let status = try status("{\"places\": [\(places.joined(separator: ", "))]}")
        #expect(ProbeAnswer.announcement(of: status, upstreams: upstreams) == words)
    }

    @Test func `what is wrong stands first, then what there is`() throws {
        let lines = StatusText(try status(Self.whole)).lines
        #expect(
            lines == [
                "tailwart 1: serving, up for 1 h 2 min, process 7", "", "✗ it is away", "  → Switch it on.", "",
                "! it is slow", "",
                "LISTENER  PROTOCOL  ADDRESSES  OPEN  ACCEPTED  REFUSED      IN     OUT",
                "smtp      smtp      :25           3      1200       12  1.2 kB  5.6 MB", "",
                "UPSTREAM  ENDPOINT      PROTOCOL  STANDING   FOR    VERDICT  FOR      CONNECT",
                "mailbox   a.example:25  smtp      unhealthy  1 min  refused  1 d 1 h   1.2 ms", "",
                "3 open, 1200 accepted, 1 B in, 2 B out, 2 lines of the log lost", "ended: closed 5", "",
                "banned, were 'bans.observe' off: 2 manual, 7 crowdsec",
                "bans are kept in memory only: the disk is full", "",
                "TURNED AWAY (24 H)  TIMES  NOW     WHY",
                "203.0.113.7            12  banned  10 client_rate, 2 client_banned",
                "2001:db8:1:2::/64       3          3 no_route", "", "LATELY",
                "T error: bad",
            ])
    }

    @Test(arguments: ["{}", "{\"listeners\": 1, \"places\": [1], \"uptime_s\": \"x\", \"problems\": [null]}"])
    func `what another version says is shown as far as it is understood`(text: String) throws {
        #expect(!StatusText(try status(text)).lines.isEmpty)
        #expect(ConnectionsText(try status(text)).lines == ["no connection is open"])
    }

    @Test func `nothing that an edge says moves the cursor`() throws {
        let text = StatusText(try status(#"{"problems": [{"message": "a\u001b[2Jb"}]}"#)).lines.joined()
        #expect(!text.contains("\u{1b}"))
    }

    @Test func `connections are listed, and those that are not shown are counted`() throws {
        let answer = try status(
            """
            {"matching": 3, "problems": [], "connections": [{"id": "00000000000000ff", "listener": "imaps",
            "client": "192.0.2.7:1", "server_name": "a.example", "upstream_address": "100.64.0.3:993",
            "phase": "relay", "bytes_in": 10, "bytes_out": 2000, "age_ms": 61000, "idle_ms": 500}]}
            """)
        #expect(
            ConnectionsText(answer).lines == [
                "ID                LISTENER  CLIENT                   UPSTREAM        PHASE    IN     OUT    AGE  IDLE",
                "00000000000000ff  imaps     192.0.2.7:1 (a.example)  100.64.0.3:993  relay  10 B  2.0 kB  1 min   0 s",
                "and 2 more",
            ])
    }

    @Test func `a live view has rates, and says when the edge is gone`() throws {
        func snapshot(_ accepted: Int, _ bytes: Int, at time: UInt64) throws -> StatusView.Snapshot {
            StatusView.Snapshot(
                status: try status(
                    """
                    {"version": "t", "totals": {"open": 4, "accepted": \(accepted)},
                    "listeners": [{"name": "l", "bytes_in": \(bytes), "bytes_out": 0}]}
                    """), busiest: try status("{}"), at: time)
        }
        var view = StatusView(try snapshot(10, 0, at: 0))
        #expect(view.lines(height: 30)[1] == "4 open")
        view.take(try snapshot(20, 5000, at: 2_000_000))
        #expect(view.lines(height: 30)[1] == "4 open, 5 connections/s, 2.5 kB/s in, 0 B/s out")
        // Another edge, which counts anew.
        view.take(try snapshot(1, 0, at: 3_000_000))
        #expect(view.lines(height: 30)[1] == "4 open, 0 connections/s, 0 B/s in, 0 B/s out")
        view.lost("it is gone")
        #expect(view.lines(height: 30).contains("✗ it is gone"))
        for height in 0..<12 {
            let lines = view.lines(height: height)
            #expect(lines.count <= max(2, height) && lines.last == "q leaves")
        }
    }
}
