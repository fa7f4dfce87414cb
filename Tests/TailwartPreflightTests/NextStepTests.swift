import TailwartConfig
import TailwartCore
import TailwartProbe
import TailwartResolve
import TailwartSystem
import TailwartTailnet
import TailwartWire
import Testing

@testable import TailwartPreflight

/// What is said first, with findings as the checks make them.
@Suite struct NextStepTests {
    /// A host and what is around it, right after `tailwart init`: nothing is done yet, and everything is in the way.
    private struct World: Sendable {
        static let mailbox = "stalwart.tail1234.ts.net"

        var tailnet = Result<TailnetStatus, LocalAPIError>.failure(.socketMissing("/run/tailscaled.sock"))
        /// By port; the rest say what 0 does.
        var verdicts: [UInt16: Verdict] = [0: .nameUnknown]
        var web = Verdict.refused
        var portHolder: String? = "exim4"
        var firewall = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"
        var isClockKept: Bool? = false

        mutating func seeTailnet(
            _ state: BackendState = .running, tags: [String] = [], peers: [TailnetPeer] = []
        ) {
            let own = TailnetPeer(name: "edge.tail1234.ts.net", addresses: [.v4(0x6440_0002)], tags: tags)
            tailnet = .success(
                TailnetStatus(
                    backendState: state, own: state == .running ? own : nil, suffix: "tail1234.ts.net", peers: peers))
        }

        static func peer(isOnline: Bool = true) -> TailnetPeer {
            TailnetPeer(
                name: mailbox, addresses: [.v4(0x6440_0003)], isOnline: isOnline,
                path: .direct(InternetAddress(.v4(0xc633_6407), port: 41_641)))
        }

        func findings() throws -> [Finding] {
            let text = """
                mailbox: {address: \(Self.mailbox), domains: [example.org]}
                web: 127.0.0.1:8443
                """
            let loaded = Configuration.load(text: text, file: "test.yaml", environment: [:])
            let configuration = try #require(loaded.configuration, "\(loaded.problems)")
            let check = try #require(TailnetCheck(configuration, edgeTag: "tag:reverse-proxy"))
            let ports = configuration.listeners.flatMap { listener in
                listener.bind.map { bind in
                    let holder = bind.port == 25 ? portHolder : nil
                    let problem = holder.map {
                        ListenError(
                            listener: listener.name, bind: bind, cause: "port 25 is taken by \($0)",
                            fix: "Stop that service.")
                    }
                    return PortCheck.finding(listener.name, bind, problem)
                }
            }
            let isKnown = verdicts[0] != .nameUnknown
            let entry =
                isKnown
                ? Resolver.Entry(addresses: [.v4(0x6440_0003)], source: .tailscale)
                : Resolver.Entry(failure: "no answer")
            let upstreams = ProbeSubject.all(of: configuration).flatMap { subject in
                subject.serverNames.map { name in
                    let verdict = subject.upstream.name == "web" ? web : verdicts[subject.port] ?? verdicts[0] ?? .well
                    return UpstreamCheck.finding(subject, serverName: name, ProbeResult(verdict, "Seen."))
                }
            }
            return ports + AddressCheck.findings(configuration.listeners, own: [.v4(0x0909_0909)])
                + FirewallReport.findings(
                    .ruleset(.iptables(firewall)), ports: AddressCheck.publicPorts(configuration.listeners),
                    interfaces: ["eth0"], hasPublicV6: false)
                + [FirewallReport.cloud] + check.findings(tailnet, at: 1_780_000_000)
                + [NameLookup.finding(Self.mailbox, entry, hasTailnet: true)] + upstreams
                + [HostCheck.clock(isSynchronized: isClockKept)]
        }

        func next() throws -> NextStep? { NextStep(try findings()) }
    }

    /// What a person has done by then, and what is next.
    private struct Stage: Sendable {
        let done: String
        let change: @Sendable (inout World) -> Void
        let step: NextStep.Step
        /// In the cause, and in what to do.
        let words: (String, String)

        init(
            _ done: String, _ step: NextStep.Step, _ words: (String, String),
            _ change: @escaping @Sendable (inout World) -> Void
        ) {
            (self.done, self.step, self.words, self.change) = (done, step, words, change)
        }
    }

    private static let firstHour = [
        Stage("init", .join, ("no socket", "start tailscaled")) { _ in },
        Stage("tailscaled", .join, ("not logged in", "must know the tag before: `tailwart acl`")) {
            $0.seeTailnet(.needsLogin)
        },
        Stage("login without a tag", .join, ("no tag", "--advertise-tags=tag:reverse-proxy")) { $0.seeTailnet() },
        Stage("tag", .policy, ("its policy does not let this host see it", "tailwart acl")) {
            $0.seeTailnet(tags: ["tag:reverse-proxy"])
        },
        Stage("the mailbox joins", .policy, ("timeout: ", "tailwart acl")) {
            $0.seeTailnet(tags: ["tag:reverse-proxy"], peers: [World.peer()])
            $0.verdicts = [0: .timeout]
        },
        Stage("a policy without one port", .policy, ("timeout: ", "tailwart acl")) {
            $0.verdicts = [0: .refused, 993: .timeout]
        },
        Stage("policy", .mailbox, ("refused: ", "Start the mail server, its database first")) {
            $0.verdicts = [0: .refused]
        },
        Stage("the mail server without its database", .mailbox, ("booting: ", "log")) { $0.verdicts = [0: .booting] },
        Stage("database and mail server", .trust, ("header_not_trusted: ", "tailwart trust")) {
            $0.verdicts = [0: .headerNotTrusted, 587: .refused, 443: .certificateFallback]
        },
        Stage("trust without a restart", .trust, ("header_not_trusted: ", "restart the mail server")) { _ in },
        Stage("restart", .ports, (":587 (submission): refused: ", "Without it: `ports: [25, 465, 993]`")) {
            $0.verdicts = [0: .certificateFallback, 587: .refused]
        },
        Stage("port 587", .edge, ("port 25 is taken by exim4", "Stop that service")) { $0.verdicts[587] = nil },
        Stage("the other mail server is off", .edge, ("The firewall drops", "iptables -I INPUT")) {
            $0.portHolder = nil
        },
        Stage("firewall", .edge, ("web 127.0.0.1:8443", "")) { $0.firewall = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n" },
        Stage("web server", .certificate, ("certificate_fallback: ", "tailwart records")) { $0.web = .well },
        Stage("DNS", .certificate, ("certificate_self_signed: ", "tailwart records")) {
            $0.verdicts = [0: .certificateSelfSigned]
        },
        Stage("a certificate", .certificate, (":443 (https, ", "Add the missing names")) {
            $0.verdicts = [0: .well, 443: .certificateNameMismatch]
        },
        Stage("with all names", .rest, ("clock system: ", "set-ntp true")) { $0.verdicts = [0: .well] },
        Stage("clock", .rest, ("cloud provider: ", "try from another network")) { $0.isClockKept = true },
    ]

    @Test(arguments: firstHour.indices) func `after each step of the first hour it names the next one`(number: Int)
        throws
    {
        var world = World()
        for stage in Self.firstHour[...number] { stage.change(&world) }
        let stage = Self.firstHour[number]
        let findings = try world.findings()
        let next = try #require(NextStep(findings), "\(stage.done)")
        #expect(next.step == stage.step, "\(stage.done): \(next)")
        let lines = FindingText(.words).lines(next, among: findings)
        #expect(lines.count == 3 && lines[2].isEmpty)
        #expect(lines[0].contains(stage.words.0), "\(lines)")
        #expect(lines[1].hasPrefix("next: ") && lines[1].contains(stage.words.1), "\(lines)")
        #expect(findings.contains(next.finding))
    }

    @Test func `the first hour goes through all steps, and never back`() {
        let order = Self.firstHour.compactMap { NextStep.Step.allCases.firstIndex(of: $0.step) }
        #expect(order == order.sorted() && Set(order).count == NextStep.Step.allCases.count)
    }

    private static let done: World = {
        var world = World()
        for stage in firstHour { stage.change(&world) }
        return world
    }()

    @Test func `where all is well there is nothing next, and what is unknown comes last`() throws {
        let findings = try Self.done.findings()
        #expect(NextStep(findings.filter { $0.result == .pass }) == nil)
        #expect(NextStep([]) == nil)
        #expect(FindingText(.words).lines(nil, among: findings).isEmpty)
        let clock = HostCheck.clock(isSynchronized: false)
        #expect(NextStep(findings + [clock])?.finding == clock)
    }

    @Test func `a missing tag is next where it may be why the mailbox is not seen, else after all that fails`() throws {
        var world = Self.done
        world.seeTailnet(peers: [World.peer()])
        #expect(try world.next()?.finding.matter == .untagged)
        world.verdicts = [0: .refused]
        #expect(try world.next()?.step == .mailbox)
        world.verdicts = [0: .well, 993: .timeout]
        #expect(try world.next()?.step == .join)
        // Its host is off, and a tag does not turn it on.
        world.seeTailnet(peers: [World.peer(isOnline: false)])
        #expect(try world.next()?.finding.fix == "Start that host, or its tailscaled.")
    }

    @Test func `a mail server gets its name before it orders a certificate for it`() {
        func upstream(_ verdict: Verdict, _ result: Finding.Result) -> Finding {
            Finding(
                .upstream, "m:25", result, "Seen.", fix: verdict.fix, matter: .verdict(verdict, endpoint: "m", .smtp))
        }
        let name = Finding(.name, "mail.example.org", .warn, "Seen.", fix: "Name it.", matter: .misnamed)
        let certificate = upstream(.certificateFallback, .warn)
        #expect(NextStep([certificate, name])?.finding == name && NextStep([certificate, name])?.step == .trust)
        let distrust = upstream(.headerNotTrusted, .fail)
        #expect(NextStep([certificate, name, distrust])?.finding == distrust)
    }

    @Test(
        arguments: [
            (.certificateExpired, .fail), (.certificateNotYetValid, .fail), (.certificateExpiring, .warn),
            (.certificateFallback, .warn),
            (.unprobed, .unknown), (.silent, .fail), (.slow, .pass),
        ] as [(Verdict, Finding.Result)])
    func `a certificate that no client takes fails, and what merely has to be mended is a warning`(
        verdict: Verdict, expected: Finding.Result
    ) throws {
        var world = Self.done
        world.verdicts = [0: verdict]
        let findings = try world.findings().filter { $0.check == .upstream && $0.subject.contains("(smtp)") }
        #expect(findings.map(\.result) == [expected])
        let ownFix = "Raise the limit of open files (ulimit -n), or the host's memory."
        #expect((findings.first?.fix == ownFix) == (verdict == .unprobed))
        if expected == .fail || expected == .warn {
            #expect(try world.next()?.finding.result == expected, "the worst decides")
        }
    }

    @Test func `a web server that is off is the edge's own matter, and mail goes first`() throws {
        var world = Self.done
        world.web = .refused
        #expect(try world.next()?.step == .edge)
        world.verdicts = [0: .headerNotTrusted]
        #expect(try world.next()?.step == .trust)
    }

    @Test func `a script gets the step beside the keys of the finding`() throws {
        let next = try #require(try World().next())
        #expect(next.json.members?.map(\.key) == ["step", "check", "subject", "detail", "fix"])
        #expect(next.json["step"]?.text == "join" && next.json["check"]?.text == "tailnet")
        #expect(next.json["fix"]?.text == next.fix)
    }

    @Test func `a terminal gets no long lines`() throws {
        let findings = try World().findings()
        let lines = FindingText(.signs).lines(NextStep(findings), among: findings)
        #expect(lines.allSatisfy { $0.count <= 100 } && lines.count > 3)
        #expect(lines.contains { $0.hasPrefix("next: ") })
    }
}
