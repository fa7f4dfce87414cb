import Foundation
import TailwartTesting
import TailwartWire
import Testing

/// A mailbox that does not trust the PROXY header takes it for commands and answers them. Each client would take that for answers to its own
/// commands, and a sender gives back its mail for them.
extension NetworkTests {
    /// One way of many to be distrusted: a domain, the edge's port for its mail, and the mailbox's port.
    private struct Case: CustomStringConvertible {
        let port: UInt16
        let version: String
        /// In which pieces the mailbox speaks.
        let cut: String
        let way: Way
        /// As which it answers.
        let server: String

        enum Way: String, CaseIterable {
            case direct
            case warm = "warm: 2"
            case tailscale = "via: tailscale"
            case socks = "via: {socks5: \"127.0.0.1:1080\"}"
        }

        var description: String { "\(version) \(cut) \(way) \(server) on \(port)" }
        var domain: String { "d\(port).example.org" }
        var mailbox: String { "\(server)-\(cut)" }
    }

    private static let cases = ["v1", "v2"].enumerated().flatMap { number, version in
        ["whole", "bytes", "late"].enumerated().flatMap { cutNumber, cut in
            Case.Way.allCases.enumerated().map { wayNumber, way in
                Case(
                    port: UInt16(2500 + number * 100 + cutNumber * 10 + wayNumber), version: version, cut: cut,
                    way: way,
                    server: (number + wayNumber).isMultiple(of: 2) ? "stalwart" : "postfix")
            }
        }
    }

    /// A Postfix that has mail for all of the cases, the edge that takes it, and the mailboxes.
    private struct Stage {
        let postfix: SendingPostfix
        let edge: NetworkEdge
        let mailboxes: [HomeMailbox]
        /// While it is there, no mailbox trusts the edge.
        let distrust: TextFile
        private let tailscaled: FakeTailscaled

        init(_ network: TestNetwork, isTrusted: Bool = true) async throws {
            distrust = network.host.folder.file("distrust")
            // Before a warm socket is there, whose mailbox has made up its mind.
            if !isTrusted { try distrust.write("") }
            let mail = try network.host.folder.makeFolder("mail")
            var mailboxes: [HomeMailbox] = []
            for (name, cases) in Dictionary(grouping: cases, by: \.mailbox) {
                mailboxes.append(
                    try await HomeMailbox(
                        name, in: network, mail: mail,
                        options: [
                            "--distrusts", distrust.path, "--answers", cases[0].server, "--cut", cases[0].cut,
                        ], services: cases.map { (.smtp, $0.port) }))
            }
            self.mailboxes = mailboxes
            // Its connections begin on the edge's host.
            let tailscaled = try network.edge.inside { try FakeTailscaled() }
            self.tailscaled = tailscaled
            for one in cases {
                tailscaled.update {
                    $0.dials["\(TestNetwork.mailbox):\(one.port)"] = .to(
                        InternetAddress(TestNetwork.mailbox, port: one.port))
                }
            }
            _ = try await HomeMailbox("socks", in: network, isAtHome: false, services: [(.socks, 1080)])
            let upstreams = cases.map { one in
                let way = one.way == .direct ? "" : ", \(one.way.rawValue)"
                return "  u\(one.port): {endpoints: [\(TestNetwork.mailbox)], proxy_protocol: \(one.version), "
                    + "connect_timeout: 5s, health: {interval: 1s, timeout: 5s}\(way)}"
            }
            let listeners = cases.map { one in
                "  - {name: smtp-\(one.port), bind: [\":\(one.port)\"], protocol: smtp, to: u\(one.port)}"
            }
            edge = try await NetworkEdge(
                in: network, ports: cases.map(\.port),
                """
                tailscale: {socket: \(tailscaled.path)}
                # One host tries again each few seconds, for all of the cases.
                limits: off
                defaults: {refusal: {host: mx.example.org}}
                upstreams:
                \(upstreams.joined(separator: "\n"))
                listeners:
                \(listeners.joined(separator: "\n"))
                """)
            postfix = try await SendingPostfix(
                in: network,
                ports: Dictionary(uniqueKeysWithValues: cases.map { ($0.domain, $0.port) }))
        }

        /// Closes what belongs to the test's own process.
        func close() { tailscaled.close() }

        func loseTrust() throws { try distrust.write("") }
        func regainTrust() throws { try FileManager.default.removeItem(at: distrust.url) }

        func queueEach(_ count: Int, for name: String = "ann") async throws {
            for one in cases { try await postfix.queue(count, to: one.domain, for: name) }
        }

        /// How many recipients of each case had a message that came to this.
        private func recipients(_ status: String) -> [String: Int] {
            let attempts = postfix.attempts.filter { $0.status == status }
            return Dictionary(grouping: attempts, by: \.domain).mapValues { Set($0.map(\.recipient)).count }
        }

        /// Waits until `count` messages of each case have met this.
        func wait(_ status: String, _ count: Int) async throws {
            try await eventually("\(count) are \(status) in each case", within: .seconds(180)) {
                let found = recipients(status)
                return cases.allSatisfy { found[$0.domain] ?? 0 >= count } ? true : nil
            }
        }

        /// That nothing came back, nobody was cut off, and whoever was put off was told so.
        func expectPatience() {
            for attempt in postfix.attempts where attempt.status != "sent" {
                guard attempt.status != "deferred" || !attempt.text.contains("421 4.3.2 mx.example.org") else {
                    continue
                }
                Issue.record("\(attempt)")
            }
            for words in ["lost connection", "reset by peer", "timed out"] {
                #expect(!postfix.log.text.contains(words))
            }
        }

        /// That each of `count` messages of each case is there once.
        func expectAll(_ count: Int) {
            let kept = mailboxes.reduce(into: [:]) { $0.merge($1.kept) { $0 + $1 } }
            for one in cases {
                let copies = kept.filter { $0.key.hasSuffix("@\(one.domain)") }
                #expect(copies.count == count && copies.values.allSatisfy { $0 == 1 }, "\(one): \(copies)")
            }
        }

        func tell() {
            let kept = mailboxes.map { $0.kept.values.reduce(0, +) }.reduce(0, +)
            let distrusted = mailboxes.map { $0.connections("distrusts").count }.reduce(0, +)
            print("attempts \(postfix.tally), kept \(kept), headers taken for commands \(distrusted)")
        }
    }

    @Test func `mail waits while a mailbox distrusts the header, and comes once when it trusts it`() async throws {
        try await TestNetwork.run { network in
            let stage = try await Stage(network, isTrusted: false)
            defer { stage.close() }
            try await stage.queueEach(20)
            try await stage.wait("deferred", 20)
            stage.tell()
            #expect(stage.postfix.attempts.allSatisfy { $0.status != "sent" })
            stage.expectPatience()
            try stage.regainTrust()
            try await stage.wait("sent", 20)
            stage.tell()
            stage.expectPatience()
            stage.expectAll(20)
        }
    }

    @Test func `trust that is lost and regained in the middle of traffic gives back no mail and doubles none`()
        async throws
    {
        try await TestNetwork.run { network in
            let stage = try await Stage(network)
            defer { stage.close() }
            try await stage.queueEach(5)
            try await stage.wait("sent", 1)
            // Those that are being sent meet it, and those that come.
            try stage.loseTrust()
            try await stage.queueEach(10, for: "eve")
            try await stage.wait("deferred", 1)
            stage.tell()
            try stage.regainTrust()
            try await stage.wait("sent", 15)
            stage.tell()
            stage.expectPatience()
            stage.expectAll(15)
        }
    }

    /// Where the two addresses come from, and which is tried first and distrusted.
    @Test(arguments: [("one name", "IPv4"), ("two endpoints", "IPv4"), ("two endpoints", "IPv6")])
    func `where one family is distrusted all mail goes over the other at once`(source: String, family: String)
        async throws
    {
        try await TestNetwork.run { network in
            let both = [TestNetwork.mailbox, TestNetwork.otherAddresses[1]]
            let addresses = family == "IPv4" ? both : both.reversed()
            let distrust = network.host.folder.file("distrust")
            try distrust.write("\(addresses[0])")
            let mailbox = try await HomeMailbox(
                in: network, mail: network.host.folder.makeFolder("mail"), options: ["--distrusts", distrust.path],
                [.smtp: 25])
            let name = "stalwart.tail1234.ts.net"
            let tailscaled = try FakeTailscaled()
            defer { tailscaled.close() }
            tailscaled.update { $0.peers = [.init(name, addresses)] }
            let endpoints = source == "one name" ? name : addresses.map { "\"\($0)\"" }.joined(separator: ", ")
            let edge = try await NetworkEdge(
                in: network, ports: [25],
                """
                tailscale: {socket: \(tailscaled.path)}
                upstreams:
                  mailbox:
                    endpoints: [\(endpoints)]
                    proxy_protocol: v2
                    health: {interval: 1s, timeout: 5s}
                listeners:
                  - {name: smtp, bind: [":25"], to: mailbox}
                """)
            if source == "one name" { try await edge.line(containing: "\(name) is ") }
            let postfix = try await SendingPostfix(in: network)
            try await postfix.queue(20, to: "example.org")
            try await eventually("all are tried") { postfix.attempts.count >= 20 ? true : nil }
            print("attempts \(postfix.tally), headers taken for commands \(mailbox.connections("distrusts").count)")
            for attempt in postfix.attempts { #expect(attempt.status == "sent", "\(attempt)") }
            #expect(mailbox.kept.count == 20 && mailbox.kept.values.allSatisfy { $0 == 1 })
            #expect(!mailbox.connections("distrusts").isEmpty, "nobody came to the address that is distrusted")
        }
    }
}
