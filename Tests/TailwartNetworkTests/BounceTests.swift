import Foundation
import Glibc
import TailwartTesting
import TailwartWire
import Testing

/// What a sending Postfix makes of each way in which a session can end under it: whether its mail waits, comes back, or comes twice. The
/// table of docs/bounces.md stands here as code.
extension NetworkTests {
    /// How far a session is.
    private enum Phase: String, CaseIterable {
        case greeting
        /// Greeted, and nothing said.
        case greeted
        case ehlo
        case starttls
        /// In the TLS handshake.
        case handshake
        case mail
        case rcpt
        case data
        /// In the message.
        case message
        /// The message is there whole; the mailbox has not kept it.
        case dot
        /// It has, and has not answered.
        case kept
    }

    /// What the mailbox does in that phase.
    private enum Manner: String, CaseIterable {
        case close
        case reset
        case told = "421 4.3.2 mail.example.org going down"
        /// Says nothing more.
        case hang
    }

    /// Who cuts sessions that hang.
    private enum Cut: String, CaseIterable {
        case idle = "the edge's timeouts.idle"
        case drain = "the edge's end of its drain"
        case kill = "the edge is killed"
        case unhealthy = "close_if_unhealthy"
        case mailbox = "the mailbox is killed"
    }

    private struct Row: Sendable {
        let port: UInt16
        let phase: Phase
        let manner: String

        var domain: String { "p\(port).example.org" }
    }

    /// What came of one message.
    private struct Fate: Equatable, CustomStringConvertible {
        /// What Postfix wrote at its first attempt.
        let first: String
        let isBounced: Bool
        let copies: Int

        var description: String { "\(first), \(isBounced ? "bounced" : "not bounced"), \(copies) in the mailbox" }
    }

    /// An edge in front of a mailbox that ends its sessions, and a sender with a message for each of the rows.
    private struct Stage {
        let network: TestNetwork
        let rows: [Row]
        let faults: TextFile
        let mail: String
        let certificate: HomeCertificate
        let configuration: String

        init(_ network: TestNetwork, _ rows: [Row], upstream: String = "health: off", idle: String = "5m") async throws
        {
            (self.network, self.rows) = (network, rows)
            faults = network.host.folder.file("faults.json")
            mail = try network.host.folder.makeFolder("mail")
            certificate = try await HomeCertificate(on: network.host)
            let table = Dictionary(uniqueKeysWithValues: rows.map { ("\($0.port)", [$0.phase.rawValue, $0.manner]) })
            try faults.write(String(decoding: JSONEncoder().encode(table), as: UTF8.self))
            let listeners = rows.map { row in
                "  - {name: smtp-\(row.port), bind: [\":\(row.port)\"], protocol: smtp, to: mailbox}"
            }
            configuration = """
                tailscale: off
                drain: 1s
                defaults: {refusal: {host: mx.example.org}, timeouts: {idle: \(idle)}}
                upstreams:
                  mailbox:
                    endpoints: [\(TestNetwork.mailbox)]
                    proxy_protocol: v2
                    connect_timeout: 2s
                    \(upstream)
                listeners:
                \(listeners.joined(separator: "\n"))
                """
        }

        func startMailbox(_ name: String = "mailbox") async throws -> HomeMailbox {
            try await HomeMailbox(
                name, in: network, certificate: certificate, mail: mail, options: ["--faults", faults.path],
                services: rows.map { (.smtp, $0.port) })
        }

        func startEdge(_ name: String = "tailwart") async throws -> NetworkEdge {
            try await NetworkEdge(name, in: network, ports: rows.map(\.port), configuration)
        }

        func startPostfix() async throws -> SendingPostfix {
            try await SendingPostfix(
                in: network, ports: Dictionary(uniqueKeysWithValues: rows.map { ($0.domain, $0.port) }), encrypts: true)
        }

        func queue(_ postfix: SendingPostfix) async throws {
            for row in rows { try await postfix.queue(1, to: row.domain) }
        }

        func waitForFaults(_ mailbox: HomeMailbox) async throws {
            try await eventually("all sessions hang") { mailbox.connections("fault").count >= rows.count ? true : nil }
        }

        /// Waits until each message has been tried, lets the mailbox be good, and waits until each has come or come back.
        func fates(
            _ postfix: SendingPostfix, _ mailboxes: [HomeMailbox], mend: () async throws -> [HomeMailbox] = { [] }
        )
            async throws -> [UInt16: Fate]
        {
            func find(_ row: Row, _ isIt: (SendingPostfix.Attempt) -> Bool) -> SendingPostfix.Attempt? {
                postfix.attempts.first { $0.domain == row.domain && isIt($0) }
            }
            try await eventually("all are tried") { rows.allSatisfy { find($0) { _ in true } != nil } ? true : nil }
            try FileManager.default.removeItem(at: faults.url)
            let mailboxes = try await mailboxes + mend()
            try await eventually("all have come, or come back") {
                rows.allSatisfy { find($0) { $0.status != "deferred" } != nil } ? true : nil
            }
            return Dictionary(
                uniqueKeysWithValues: rows.map { row in
                    let first = find(row) { _ in true }
                    let copies = mailboxes.flatMap(\.kept).filter { $0.key.hasSuffix(row.domain) }.map(\.value)
                    let fate = Fate(
                        first: first?.status ?? "", isBounced: find(row) { $0.status == "bounced" } != nil,
                        copies: copies.reduce(0, +))
                    return (row.port, fate)
                })
        }
    }

    /// Mail waits, and comes once; but twice if it was kept and that was not said: "a copy of a message may be sent again", RFC 1047.
    private static func expect(_ fates: [UInt16: Fate], of rows: [Row]) {
        for row in rows {
            #expect(
                fates[row.port] == Fate(first: "deferred", isBounced: false, copies: row.phase == .kept ? 2 : 1),
                "\(row)")
        }
    }

    @Test func `a mailbox that breaks off costs no mail, in whichever phase`() async throws {
        try await TestNetwork.run { network in
            var rows: [Row] = []
            for (number, phase) in Phase.allCases.enumerated() {
                for (other, manner) in Manner.allCases.enumerated() where manner != .hang {
                    let port = UInt16(2500 + 10 * number + other)
                    rows.append(Row(port: port, phase: phase, manner: manner.rawValue))
                }
            }
            let stage = try await Stage(network, rows)
            let mailbox = try await stage.startMailbox()
            _ = try await stage.startEdge()
            let postfix = try await stage.startPostfix()
            try await stage.queue(postfix)
            let fates = try await stage.fates(postfix, [mailbox])
            Self.expect(fates, of: rows)
        }
    }

    @Test(arguments: Cut.allCases)
    private func `sessions that are cut cost no mail, in whichever phase`(cut: Cut) async throws {
        try await TestNetwork.run { network in
            let rows = Phase.allCases.enumerated().map { number, phase in
                Row(port: UInt16(2500 + number), phase: phase, manner: Manner.hang.rawValue)
            }
            let stage = try await Stage(
                network, rows,
                upstream: cut == .unhealthy
                    ? "health: {interval: 1s, timeout: 1s, fall: 2, close_if_unhealthy: true}" : "health: off",
                idle: cut == .idle ? "3s" : "5m")
            let mailbox = try await stage.startMailbox()
            let edge = try await stage.startEdge()
            let postfix = try await stage.startPostfix()
            try await stage.queue(postfix)
            try await stage.waitForFaults(mailbox)
            switch cut {
            case .idle: break
            case .drain: edge.process.send(SIGTERM)
            case .kill: edge.process.send(SIGKILL)
            case .unhealthy: try await network.refuseNewcomers(true)
            case .mailbox: try await mailbox.kill()
            }
            let fates = try await stage.fates(postfix, [mailbox]) {
                switch cut {
                case .idle: return []
                case .drain, .kill:
                    _ = try await edge.process.exitCode()
                    _ = try await stage.startEdge("tailwart-again")
                    return []
                case .unhealthy:
                    try await network.refuseNewcomers(false)
                    return []
                case .mailbox: return [try await stage.startMailbox("mailbox-again")]
                }
            }
            Self.expect(fates, of: rows)
        }
    }

    /// Nobody is served; each of these is one line of the table.
    private static let refusals: [(port: UInt16, reason: String, upstream: String, listener: String)] = [
        (2500, "upstream_refused", "endpoints: [\(TestNetwork.mailbox)], health: off", ""),
        (2501, "upstream_unreachable", "endpoints: [192.0.2.1], health: off", ""),
        (2502, "connect_timeout", "endpoints: [\(TestNetwork.mailbox)], connect_timeout: 1s, health: off", ""),
        (2503, "upstream_unresolved", "endpoints: [nobody.tail1234.ts.net], health: off", ""),
        (2504, "upstream_proxy_failed", "endpoints: [192.0.2.1], via: {socks5: \"127.0.0.1:1080\"}, health: off", ""),
        (2505, "upstream_unhealthy", "endpoints: [\(TestNetwork.mailbox)], health: {interval: 1s, fall: 1}", ""),
        (
            2506, "listener_limit", "endpoints: [\(TestNetwork.mailbox)], proxy_protocol: v2, health: off",
            "max_connections: 1"
        ),
        (2507, "route_close", "", ""),
        (2508, "no_route", "", ""),
        (2509, "proxy_header_untrusted", "", "proxy_protocol_in: {trusted: [192.0.2.0/24]}"),
        (2510, "proxy_header_timeout", "", "proxy_protocol_in: {trusted: [203.0.113.0/24], timeout: 3s}"),
    ]

    @Test func `whom the edge turns away comes again`() async throws {
        try await TestNetwork.run { network in
            try await network.edge.ip("route add unreachable 192.0.2.0/24")
            try await network.drop([2502])
            let mailbox = try await HomeMailbox(in: network, services: [(.smtp, 2506)])
            let upstreams = Self.refusals.filter { !$0.upstream.isEmpty }.map { "  u\($0.port): {\($0.upstream)}" }
            let listeners = Self.refusals.map { one in
                let route =
                    switch one.reason {
                    case "no_route": "routes: [{match: {client: [192.0.2.0/24]}, to: close}]"
                    default: one.upstream.isEmpty ? "to: close" : "to: u\(one.port)"
                    }
                return "  - {name: smtp-\(one.port), bind: [\":\(one.port)\"], protocol: smtp, \(route)"
                    + (one.listener.isEmpty ? "}" : ", \(one.listener)}")
            }
            let edge = try await NetworkEdge(
                in: network, ports: Self.refusals.map(\.port),
                """
                tailscale: off
                upstreams:
                \(upstreams.joined(separator: "\n"))
                listeners:
                \(listeners.joined(separator: "\n"))
                """)
            // The one who may be there.
            let guest = try network.internet.inside {
                try TestSocket.connect(to: InternetAddress(TestNetwork.edge[0], port: 2506))
            }
            defer { guest.close() }
            try await eventually("the guest is there") { mailbox.connections("accepted").isEmpty ? nil : true }
            try await edge.line(containing: "is unhealthy")
            let postfix = try await SendingPostfix(
                in: network,
                ports: Dictionary(uniqueKeysWithValues: Self.refusals.map { ("r\($0.port).example.org", $0.port) }))
            for one in Self.refusals { try await postfix.queue(1, to: "r\(one.port).example.org") }
            for one in Self.refusals {
                _ = try await edge.record(one.reason) { $0.listener == "smtp-\(one.port)" && $0.reason == one.reason }
                let attempts = try await eventually("\(one.reason) is tried twice") {
                    let attempts = postfix.attempts.filter { $0.domain == "r\(one.port).example.org" }
                    return attempts.count >= 2 ? attempts : nil
                }
                print(one.reason, attempts[0].status, attempts[0].text)
                for attempt in attempts { #expect(attempt.status == "deferred", "\(one.reason): \(attempt)") }
            }
            #expect(mailbox.kept.isEmpty)
        }
    }

    @Test func `a server that does not greet as SMTP does costs no mail`() async throws {
        try await TestNetwork.run { network in
            // A 220 at which it ends; other first lines, and the mailbox's own refusals.
            let greetings = [
                "* OK IMAP4rev1 ready", "+OK POP3 ready", "SSH-2.0-OpenSSH_9.2", "HTTP/1.1 400 Bad Request",
                "\u{15}\u{3}\u{3}",
                "hello", "554 5.7.1 not you", "521 5.3.2 no mail here", "250 as you say",
                "220 mail.example.org",
            ]
            let rows = greetings.enumerated().map { number, text in
                Row(port: UInt16(2500 + number), phase: .greeting, manner: text)
            }
            let stage = try await Stage(network, rows)
            let mailbox = try await stage.startMailbox()
            _ = try await stage.startEdge()
            let postfix = try await stage.startPostfix()
            try await stage.queue(postfix)
            let fates = try await stage.fates(postfix, [mailbox])
            Self.expect(fates, of: rows)
        }
    }
}

extension TestNetwork {
    /// Refuses new connections to the mailbox, as if nobody listened; those that are there go on.
    fileprivate func refuseNewcomers(_ isOn: Bool) async throws {
        try await home.nft(
            """
            add table inet newcomers
            add chain inet newcomers input { type filter hook input priority 0; policy accept; }
            flush chain inet newcomers input
            \(isOn ? "add rule inet newcomers input iifname tailscale0 tcp flags & (syn | ack) == syn reject with tcp reset" : "")
            """)
    }
}
