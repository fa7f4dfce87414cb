import Foundation
import TailwartControl
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite struct RecordLineTests {
    private let topology = Topology(
        Configuration(
            upstreams: [Upstream(name: "mailbox", endpoints: [Endpoint(.name("stalwart.example"))])],
            listeners: [
                Listener(
                    name: "https", bind: [.any(port: 443)], proto: .https,
                    routes: [Route(to: .upstream("mailbox", port: 443)), Route(to: .close)])
            ]), addresses: { _ in [] })

    private func record(_ change: (inout Record) -> Void) -> RecordLine {
        var record = Record(
            retaining: topology, id: 0xf388_42b3_5ec0_dcfd, acceptedAt: 1_795_469_907_512_345,
            frontend: topology.frontends[0])
        record.client = InternetAddress(.v4(0xc000_0207), port: 40212)
        record.ending = Ending(.client, .closed)
        change(&record)
        return RecordLine(record)
    }

    private func full() -> RecordLine {
        let hello = ClientHelloBuilder(serverName: "mta-sts.example.org", alpn: ["h2", "http/1.1"]).bytes
        return record { record in
            if case .found(let hello) = ClientHello.parse(hello.span) {
                record.hello = .passRetained(HelloNote(hello))
            }
            record.route = 0
            record.passage = topology.frontends[0].passage(route: 0, port: 443).map { .passUnretained($0) }
            record.place = .passUnretained(topology.approaches[0].place)
            record.upstreamAddress = InternetAddress(.v4(0x6440_0003), port: 443)
            record.inboundBytes = 1234
            record.outboundBytes = 5_678_900
            record.times.toRoute = 120
            record.times.toConnect = 12_345
            record.times.toFirstByte = 15_001
            record.times.total = 2_300_456
        }
    }

    @Test func `a JSON line says everything that is known`() {
        var out = LineBuffer()
        full().writeJSON(to: &out)
        #expect(
            out.text == #"""
                {"time":"2026-11-23T21:38:27.512Z","level":"info","message":"connection","id":"f38842b35ec0dcfd","listener":"https","protocol":"https","client":"192.0.2.7:40212","server_name":"mta-sts.example.org","alpn":["h2","http/1.1"],"route":0,"upstream":"mailbox","endpoint":"stalwart.example","upstream_address":"100.64.0.3:443","bytes_in":1234,"bytes_out":5678900,"route_ms":0.120,"connect_ms":12.345,"first_byte_ms":15.001,"total_ms":2300.456,"ended_by":"client","reason":"closed"}

                """#)
    }

    @Test func `a JSON line leaves out what is not known, and still parses`() throws {
        var out = LineBuffer()
        record { $0.ending = Ending(.edge, .helloTimeout) }.writeJSON(to: &out)
        let object = try JSONSerialization.jsonObject(with: Data(out.bytes)) as? [String: Any]
        let keys = try #require(object).keys
        #expect(!keys.contains("upstream") && !keys.contains("server_name") && !keys.contains("connect_ms"))
        #expect(object?["reason"] as? String == "hello_timeout")
    }

    @Test func `a text line is for a person`() {
        var out = LineBuffer()
        full().writeText(to: &out)
        #expect(
            out.text
                == "21:38:27.512 https 192.0.2.7:40212 mta-sts.example.org -> mailbox 100.64.0.3:443  in 1.2 kB out 5.6 MB  "
                + "connect 12 ms first byte 15 ms total 2.3 s  closed by client\n")
    }

    @Test func `a line that is watched stands in columns, in colour where that is wanted`() {
        var out = LineBuffer()
        let lines = WatchedLines(hasColours: false)
        lines.write(full(), to: &out)
        lines.write(
            record { $0.client = InternetAddress(.v4(0xc633_6401), port: 7) }, to: &out)
        #expect(
            out.text
                == "21:38:27.512  https       192.0.2.7:40212       -> mailbox     in   1.2 kB  out   5.6 MB  after    2.3 s  "
                + "closed by client  mta-sts.example.org\n"
                + "21:38:27.512  https       198.51.100.1:7        -> nowhere     in      0 B  out      0 B  after   0.0 ms  "
                + "closed by client\n")
        var coloured = LineBuffer()
        WatchedLines(hasColours: true).write(full(), to: &coloured)
        #expect(coloured.text.hasPrefix("\u{1b}[2m21:38:27.512\u{1b}[0m  https "))
        #expect(coloured.text.contains("  \u{1b}[32mclosed by client\u{1b}[0m  mta"))
        coloured.removeAll()
        WatchedLines(hasColours: true).write(EdgeEvent.recordsLost(2, failure: "it"), at: 0, to: &coloured)
        #expect(coloured.text.hasPrefix("\u{1b}[2m00:00:00.000\u{1b}[0m  \u{1b}[3"), "\(coloured.text)")
    }

    @Test func `a route that closes and a client without an address have their words`() {
        var out = LineBuffer()
        record { record in
            record.client = nil
            record.route = 1
            record.ending = Ending(.edge, .routeClose)
        }.writeText(to: &out)
        #expect(out.text == "21:38:27.512 https unix -> close  in 0 B out 0 B  total 0.0 ms  route close by edge\n")
    }

    @Test func `a client that was told why it was not served shows in both`() throws {
        let refused = record { record in
            record.ending = Ending(.edge, .edgeLimit)
            record.wasRefused = true
        }
        var text = LineBuffer()
        refused.writeText(to: &text)
        #expect(text.text.hasSuffix("  edge limit, client told so\n"))
        var json = LineBuffer()
        refused.writeJSON(to: &json)
        #expect(json.text.hasSuffix(#""reason":"edge_limit","refused":true}"# + "\n"))
    }

    @Test func `a reason that names its side does not name it twice, and a hello says what is wrong with it`() throws {
        var text = LineBuffer()
        record { $0.ending = Ending(.upstream, .upstreamRefused) }.writeText(to: &text)
        #expect(text.text.hasSuffix("  upstream refused\n"))
        let invalid = record { record in
            record.ending = Ending(.edge, .helloInvalid)
            record.helloError = .emptyServerName
        }
        text.removeAll()
        invalid.writeText(to: &text)
        #expect(text.text.hasSuffix("  hello invalid by edge: the server name is empty\n"))
        var json = LineBuffer()
        invalid.writeJSON(to: &json)
        #expect(json.text.hasSuffix(#""reason":"hello_invalid","detail":"the server name is empty"}"# + "\n"))
    }

    @Test func `an event's fields follow its message`() {
        var out = LineBuffer()
        EdgeEvent.userspace(["a\"b", "c"]).writeJSON(at: 0, to: &out)
        #expect(out.text.contains(#""level":"error","message":"tailscaled runs in userspace mode, so a\"b, c cannot"#))
        #expect(
            out.text.hasSuffix(
                #"","event":"tailnet","change":"userspace","names":["a\"b","c"],"fix":"set via: tailscale for that upstream"}"#
                    + "\n"))
    }

    @Test func `an event for a person says what is graver than usual`() {
        var out = LineBuffer()
        EdgeEvent.recordsLost(7).writeText(at: 1_795_469_907_512_345, to: &out)
        EdgeEvent.stopped(accepted: 1).writeText(at: 1_795_469_907_512_345, to: &out)
        #expect(
            out.text
                == "21:38:27.512 warning: 7 connection records were lost: standard output is not read fast enough\n"
                + "21:38:27.512 stopped after 1 connection\n")
    }

    @Test func `what to do is a line of its own for a person, as urgent as the first`() {
        let event = EdgeEvent.userspace(["mailbox"])
        var out = LineBuffer()
        event.writeText(at: 1_795_469_907_512_345, priority: "<3>", to: &out)
        #expect(
            out.text
                == "21:38:27.512 error: tailscaled runs in userspace mode, so mailbox cannot be dialled directly\n"
                + "<3>             → Set via: tailscale for that upstream.\n")
        #expect(event.sentence.hasSuffix("cannot be dialled directly; set via: tailscale for that upstream"))
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999_000, "2024-02-29T23:59:59.999Z"), (4_102_444_800_000_000, "2100-01-01T00:00:00.000Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func `moments are written in UTC`(microseconds: Int64, text: String) {
        var out = LineBuffer()
        out.append(time: microseconds)
        #expect(out.text == text)
    }

    @Test func `what a client sent cannot break out of a JSON string`() throws {
        var out = LineBuffer()
        out.append(json: "a\"b\\c\nd\u{1}\u{7f}é")
        #expect(out.text == #""a\"b\\c\u000ad\u0001\u007fé""#)
    }

    @Test func `what a client sent cannot turn a terminal's line`() {
        var out = LineBuffer()
        out.append(json: "a\u{9b}b\u{202e}c\u{2066}d\u{2028}ü\u{1f600}")
        #expect(out.text == #""a\u009bb\u202ec\u2066d\u2028ü\#u{1f600}""#)
        #expect("a\u{9b}b\u{202e}".quoted == #"'a\u{009B}b\u{202E}'"#)
    }

    @Test func `every reason has a name of its own`() {
        let names = CloseReason.allCases.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.allSatisfy { $0.isLowercase || $0 == "_" } })
    }
}
