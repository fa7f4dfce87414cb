import TailwartCore
import Testing

@Suite struct EndpointDiagnosisTests {
    private func results(_ verdicts: [UInt16: Verdict]) -> [UInt16: ProbeResult] {
        verdicts.mapValues { ProbeResult($0, "seen") }
    }

    @Test(
        arguments: [
            ([25: .refused, 465: .refused, 993: .refused], true),
            ([25: .refused, 587: .refused, 2525: .unprobed], true),
            ([25: .booting, 993: .refused], true),
            // A new Stalwart has no listener there, however well it is.
            ([587: .refused], false), ([143: .refused, 110: .refused, 587: .refused], false),
            ([25: .refused, 993: .well], false), ([25: .refused, 993: .timeout], false),
            ([2525: .unprobed], false), ([:], false),
        ] as [([UInt16: Verdict], Bool)])
    func `a mail server may be booting when everything is refused`(verdicts: [UInt16: Verdict], answer: Bool) {
        #expect(EndpointDiagnosis.mayBeBooting(results(verdicts)) == answer)
        let joined = EndpointDiagnosis.joined(results(verdicts), isSetupPortOpen: true)
        for (port, verdict) in verdicts {
            #expect(joined[port]?.verdict == (answer && verdict == .refused ? .booting : verdict))
        }
        #expect(EndpointDiagnosis.joined(results(verdicts), isSetupPortOpen: false) == results(verdicts))
    }

    @Test func `addresses that differ in why they lead nowhere are each named with fault and fix`() throws {
        let faults = [
            ("100.64.0.7", ProbeResult(.refused, "100.64.0.7:25 refused the connection.")),
            ("fd7a:115c:a1e0::7", ProbeResult(.timeout, "[fd7a:115c:a1e0::7]:25 did not answer.")),
        ]
        for order in [faults, faults.reversed()] {
            let joined = try #require(ProbeResult.joined(order.map { ($0.0, $0.1) }))
            #expect(joined.verdict == .refused)
            for (address, result) in faults {
                #expect(joined.cause.contains("\(address): \(result.verdict.cause)"))
                #expect(joined.fix.contains("\(address): \(result.verdict.fix)"))
                #expect(joined.detail.contains(result.detail))
            }
        }
        let same = ProbeResult.joined([("a", faults[0].1), ("b", faults[0].1)])
        #expect(same == faults[0].1)
        #expect(ProbeResult.joined([]) == nil)
    }

    // MARK: - certificates

    private static let year = 365 * 86_400

    private func certificate(_ verdict: Verdict, _ names: [String] = ["mail.example.org"], from: Int = 0) -> ProbeResult
    {
        ProbeResult(
            verdict, "Seen.",
            certificate: CertificateReport(
                subject: "mail", issuer: "Authority", names: names, notBefore: from, notAfter: from + Self.year,
                lifetimeLeft: 0.1, isSelfSigned: false, isFallback: false, chainProblem: nil, missingNames: []))
    }

    @Test(arguments: [Verdict.certificateExpired, .certificateExpiring])
    func `a certificate that another port shows renewed was not loaded on this one`(verdict: Verdict) {
        let old = certificate(verdict)
        func judged(_ others: ProbeResult...) -> ProbeResult {
            EndpointDiagnosis.judged(old, beside: [old] + others, hadCertificate: true)
        }
        let result = judged(certificate(.well, ["mail.example.org", "imap.example.org"], from: Self.year))
        #expect(result.verdict == .certificateNotReloaded)
        #expect(result.detail == "Seen. Another port shows one that is valid until 1972-01-01.")
        #expect(judged() == old && judged(certificate(.well)) == old)
        #expect(judged(certificate(.well, ["other.example.org"], from: Self.year)) == old)
    }

    @Test(arguments: [
        (MailServer.postfix, "postfix reload"), (.dovecot, "doveadm reload"), (.nginx, "nginx -s reload"),
    ])
    func `what has to be reloaded is named with its command, and who renews it`(server: MailServer, command: String) {
        for verdict in [Verdict.certificateExpired, .certificateExpiring, .certificateNotReloaded] {
            let fix = verdict.fix(of: server)
            #expect(
                fix.contains("`\(command)`") && fix.contains("`certbot renew --deploy-hook '\(command)'`"), "\(fix)")
        }
    }

    @Test func `a certificate that is made up was lost only where another one was seen`() {
        var watch = HealthWatch(
            [HealthWatchTests.subject(), HealthWatchTests.subject("imaps", port: 993, proto: .imaps)],
            reachable: ["smtp", "imaps"], now: .now, jitter: { 0 })
        func found(_ key: String, _ result: ProbeResult) -> Verdict? {
            _ = watch.take(.probed(key, serverName: nil, result), now: .now, jitter: { 0 })
            return watch.reports[key == "smtp" ? 0 : 1].results[nil]?.verdict
        }
        var fallback = certificate(.certificateFallback)
        fallback.certificate?.isFallback = true
        #expect(found("smtp", fallback) == .certificateFallback)
        #expect(found("imaps", certificate(.well)) == .well)
        #expect(found("smtp", fallback) == .certificateLost)
        #expect(found("imaps", fallback) == .certificateLost)
        #expect(found("smtp", certificate(.well)) == .well)
        for server in [nil, MailServer.stalwart] {
            #expect(Verdict.certificateLost.fix(of: server).contains("once its database answers"))
        }
    }

    // MARK: - many names

    @Test func `all names are asked for within one interval, and again when one has changed`() {
        let names = (1...12).map { "n\($0).example.org" }
        let start = ContinuousClock.now
        var watch = HealthWatch(
            [HealthWatchTests.subject(proto: .https, names: names)], reachable: ["smtp"], now: start, jitter: { 0.5 })
        /// The names that are asked for within this many seconds from then on, each found so.
        func asked(from: Double, for seconds: Double, _ verdict: (String) -> Verdict) -> [String] {
            var asked: [String] = []
            var effects: [HealthWatch<String>.Effect] = []
            for step in 0..<Int(seconds * 4) {
                let now = start + .seconds(from + Double(step) / 4)
                effects = watch.take(.tick, now: now, jitter: { 0.5 })
                for case .probe(_, let name?, _) in effects {
                    asked.append(name)
                    _ = watch.take(
                        .probed("smtp", serverName: name, ProbeResult(verdict(name), "Seen.")), now: now,
                        jitter: { 0.5 })
                }
            }
            return asked
        }
        #expect(Set(asked(from: 0, for: 31) { _ in .well }) == Set(names))
        // From then on the usual pace.
        #expect(asked(from: 31, for: 300) { _ in .well }.count <= 11)
        #expect(Set(asked(from: 331, for: 61) { _ in .certificateNameMismatch }) == Set(names))
    }

    @Test func `that the edge alone is banned is one line, also of the port where nobody is served`() {
        let ports = [
            HealthWatchTests.subject("smtp"), HealthWatchTests.subject("web", port: 443, proto: .https),
            HealthWatchTests.subject("imaps", port: 993, proto: .imaps),
        ]
        let now = ContinuousClock.now
        var watch = HealthWatch(ports, reachable: ["smtp", "web", "imaps"], now: now, jitter: { 0.5 })
        func find(_ key: String, _ result: ProbeResult) {
            _ = watch.take(.probed(key, serverName: nil, result), now: now + .seconds(1), jitter: { 0.5 })
        }
        find("web", ProbeResult(.banned, "The server closes."))
        find("imaps", ProbeResult(.well, "The server greets."))
        #expect(watch.diagnoses.first { $0.verdict == .banned }?.cause == Verdict.banned.cause)
        var banned = ProbeResult(.banned, "The server closes, and serves clients.")
        (banned.servesClients, banned.server) = (true, .stalwart)
        find("smtp", banned)
        let found = watch.diagnoses.filter { $0.verdict == .banned }
        #expect(found.map(\.label) == ["mailbox stalwart.example:25 (smtp), :443 (https)"])
        #expect(found.first?.cause.hasPrefix("The mailbox has banned this edge's own address.") == true)
        #expect(found.first?.fix.contains("ReloadBlockedIps") == true)
        #expect(found.first?.fix.contains("If it is neither") == false)
    }
}
