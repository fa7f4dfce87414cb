import Foundation
import NIOPosix
import TailwartClient
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartProbe

/// Every verdict that a Stalwart can bring about, produced by one that behaves as the real one does.
@Suite struct FakeStalwartProbeTests {
    private static let host = "mail.example.org"

    private func withAuthority(_ body: (FakeAuthority, String) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let authority = try FakeAuthority()
        let file = folder.file("authority.pem")
        try file.write(authority.pem)
        try await body(authority, file.path)
    }

    @Test(arguments: FakeStalwart.protocols, [ProxyProtocolOut.Version.v2, .v1, .none])
    func `a mailbox that is well is found well, and finds nothing to complain of`(
        proto: ListenerProtocol, version: ProxyProtocolOut.Version
    ) async throws {
        try await withAuthority { authority, roots in
            let certificate = try authority.issue([Self.host])
            try await withStalwart(.expecting(version, certificate: certificate)) { fake in
                let result = await fake.probe(proto, version, names: [Self.host], roots: roots)
                #expect(result.verdict == .well, "\(result.detail)")
                #expect(result.roundTrip != nil)
                let report = try #require(result.certificate)
                #expect(report.names == [Self.host])
                #expect(report.chainProblem == nil)
                #expect(report.missingNames.isEmpty)
                try await eventually("the connection is over") { fake.counters.connections == 1 ? true : nil }
                #expect(fake.complaints == noComplaints)
                #expect(fake.counters.goodbyes == (proto == .https ? 0 : 1))
                #expect(fake.counters.headers == (version == .none ? 0 : 1))
                #expect(fake.counters.localHeaders == (version == .v2 ? 1 : 0))
            }
        }
    }

    @Test(arguments: FakeStalwart.protocols.filter { $0 != .https }, [ProxyProtocolOut.Version.v2, .none])
    func `a greeting that takes its time is slow, and no missing header`(
        proto: ListenerProtocol, version: ProxyProtocolOut.Version
    ) async throws {
        try await withAuthority { authority, roots in
            let certificate = try authority.issue([Self.host])
            var settings = FakeStalwart.Settings.expecting(version, certificate: certificate)
            settings.greetingDelay = .milliseconds(3200)
            try await withStalwart(settings) { fake in
                // What limits the connection does not limit the greeting.
                let question = ProbeQuestion.test(
                    .direct(fake.address(proto)), proto, version, serverName: Self.host, roots: roots)
                let result = await prober.probe(question, timeout: .seconds(2), patience: patience)
                #expect(result.verdict == .slow, "\(result.detail)")
                #expect(result.detail.contains("complete after ") && result.detail.contains("valid until"))
                #expect(result.verdict.grade == .good)
                #expect(fake.complaints == noComplaints)
                #expect(fake.counters.goodbyes == 1)
            }
        }
    }

    @Test(arguments: FakeStalwart.protocols.filter { $0.firstSpeaker == .server }, [ProxyProtocolOut.Version.v2, .v1])
    func `a mailbox that does not trust the edge is recognised by its early greeting, at no cost`(
        proto: ListenerProtocol, version: ProxyProtocolOut.Version
    ) async throws {
        try await withStalwart { fake in
            let result = await fake.probe(proto, version)
            #expect(result.verdict == .headerNotTrusted, "\(result.detail)")
            #expect(result.detail.contains("before it has seen a header"))
            #expect(!result.isCostly)
            #expect(fake.complaints == noComplaints)
            #expect(fake.counters.goodbyes == 1)
        }
    }

    @Test(arguments: FakeStalwart.protocols.filter { $0.firstSpeaker == .server }, [ProxyProtocolOut.Version.v2, .v1])
    func `a mailbox that greets late and does not trust the edge is recognised by its complaints`(
        proto: ListenerProtocol, version: ProxyProtocolOut.Version
    ) async throws {
        var settings = FakeStalwart.Settings()
        settings.greetingDelay = .milliseconds(1500)
        try await withStalwart(settings) { fake in
            let result = await fake.probe(proto, version)
            #expect(result.verdict == .headerNotTrusted, "\(result.detail)")
            #expect(result.isCostly)
            // The lines of the header and what is left of it in front of the first command, and not one more.
            #expect((1...5).contains(fake.counters.invalidCommands), "\(fake.counters.invalidCommands)")
        }
    }

    @Test(arguments: FakeStalwart.protocols.filter { $0.firstSpeaker == .server })
    func `a probe that listens first costs nothing, and finds a mended mailbox well`(
        proto: ListenerProtocol
    ) async throws {
        var settings = FakeStalwart.Settings()
        settings.greetingDelay = .milliseconds(1500)
        try await withStalwart(settings) { fake in
            var question = ProbeQuestion.test(.direct(fake.address(proto)), proto, .v2)
            question.listensFor = .seconds(3)
            let result = await prober.probe(question, timeout: patience)
            #expect(result.verdict == .headerNotTrusted, "\(result.detail)")
            #expect(!result.isCostly)
            #expect(fake.complaints == noComplaints)

            try await fake.configure { $0.trusted = FakeStalwart.Settings.trusting().trusted }
            let later = await prober.probe(question, timeout: patience)
            #expect(later.verdict == .certificateFallback, "\(later.detail)")
            #expect(fake.counters.invalidCommands == 0)
        }
    }

    @Test func `a name without a dot is refused by Stalwart, and an edge without a better one says its address`()
        async throws
    {
        try await withStalwart { fake in
            let client = try TestSocket.connect(to: fake.address(.smtp))
            _ = try client.hear()
            try client.say("EHLO vm")
            #expect(try client.hear() == "550 5.5.0 Invalid EHLO domain.")
            client.close()
            let nameless = Prober(
                group: MultiThreadedEventLoopGroup.singleton, name: { EdgeName(host: "vm", addresses: [.loopbackV4]) })
            let result = await nameless.probe(.test(.direct(fake.address(.smtp)), .smtp), timeout: patience)
            #expect(result.verdict == .certificateFallback, "\(result.detail)")
        }
    }

    @Test(arguments: FakeStalwart.protocols.filter { $0.firstSpeaker == .client })
    func `over implicit TLS the alert of a broken record tells that the header is not trusted`(
        proto: ListenerProtocol
    ) async throws {
        try await withStalwart { fake in
            let result = await fake.probe(proto, .v2)
            #expect(result.verdict == .headerNotTrusted, "\(result.detail)")
            #expect(result.detail.contains("decode_error"))
            // Mailboxes count commands and no records, and a mended one is to be seen soon.
            #expect(!result.isCostly)
        }
    }

    @Test(arguments: FakeStalwart.protocols.filter { $0.firstSpeaker == .server })
    func `a mailbox that waits for a header which is not sent is silent, and that is said as one reason`(
        proto: ListenerProtocol
    ) async throws {
        try await withStalwart(.trusting()) { fake in
            let result = await fake.probe(proto, timeout: impatience)
            #expect(result.verdict == .silent, "\(result.detail)")
            #expect(result.detail.contains("PROXY header") && result.verdict.fix.contains("proxy_protocol: v2"))
        }
    }

    @Test(arguments: FakeStalwart.protocols.filter { $0.firstSpeaker == .client })
    func `a mailbox that takes a ClientHello for a broken header cuts, and that is said as one reason`(
        proto: ListenerProtocol
    ) async throws {
        try await withStalwart(.expecting(.v2)) { fake in
            let result = await fake.probe(proto)
            // A web server is asked once more, with a header.
            #expect(result.verdict == (proto == .https ? .headerRequired : .tlsFailed), "\(result.detail)")
            #expect(result.detail.contains("PROXY header"), "\(result.detail)")
        }
    }

    @Test(arguments: FakeStalwart.protocols, [ProxyProtocolOut.Version.v2, .none])
    func `a ban is recognised on every port, with and without a header`(
        proto: ListenerProtocol, version: ProxyProtocolOut.Version
    ) async throws {
        var settings = FakeStalwart.Settings.expecting(version)
        settings.banLimit = 0
        try await withStalwart(settings) { fake in
            // One wrong word bans this address.
            try await fake.configure { $0.trusted = [] }
            let scanner = try TestSocket.connect(to: fake.address(.smtp))
            try scanner.say("GARBAGE")
            _ = try scanner.receiveToEnd()
            #expect(fake.bannedAddresses == [.loopbackV4])
            try await fake.configure { $0.trusted = settings.trusted }

            let result = await fake.probe(proto, version)
            #expect(result.verdict == .banned, "\(result.detail)")
            #expect(fake.counters.dropped == 1)

            fake.forgive()
            let later = await fake.probe(proto, version)
            #expect(later.verdict == .certificateFallback, "\(later.detail)")
        }
    }

    @Test(arguments: FakeStalwart.protocols)
    func `the certificate that Stalwart makes up is named as what it is`(proto: ListenerProtocol) async throws {
        try await withStalwart { fake in
            let result = await fake.probe(proto, names: [Self.host])
            #expect(result.verdict == .certificateFallback)
            let report = try #require(result.certificate)
            #expect(report.isFallback && report.isSelfSigned)
            #expect(report.subject.contains("rcgen self signed cert"))
            #expect(report.notBefore == 157_766_400 && report.notAfter == 67_090_118_400)
            #expect(result.server == .stalwart && result.fix.hasPrefix("If Stalwart has ordered no certificate"))
            #expect(!result.verdict.cause.contains("lost") && result.fix.contains("does not reach it on 443"))
        }
    }

    @Test func `each fault of a certificate has its verdict`() async throws {
        try await withAuthority { authority, roots in
            let names = [Self.host, "imap.example.org"]
            let cases: [(FakeCertificate, Verdict, String)] = try [
                (authority.issue(names), .well, "valid until"),
                (authority.issue(["*.example.org"]), .well, "valid until"),
                (
                    authority.issue(names, from: .hoursFromNow(-48), to: .hoursFromNow(-1)), .certificateExpired,
                    "ended on"
                ),
                (
                    authority.issue(names, from: .hoursFromNow(1), to: .hoursFromNow(48)), .certificateNotYetValid,
                    "not valid before"
                ),
                (
                    authority.issue(names, from: .hoursFromNow(-90), to: .hoursFromNow(10)), .certificateExpiring,
                    "ends on"
                ),
                (authority.issue(names, from: .hoursFromNow(-70), to: .hoursFromNow(30)), .well, "valid until"),
                (authority.issue([Self.host]), .certificateNameMismatch, "not for 'imap.example.org'"),
                (authority.issue(names, isChainWhole: false), .certificateUntrusted, "no certificate of its issuer"),
                (FakeAuthority("Nobody").issue(names), .certificateUntrusted, "no trusted authority"),
                (.selfSigned(subject: Self.host, names: names), .certificateSelfSigned, "signed by itself"),
                (.fallback(), .certificateFallback, "rcgen"),
            ]
            try await withStalwart { fake in
                for (certificate, verdict, words) in cases {
                    try await fake.configure { $0.certificate = certificate }
                    for proto in [ListenerProtocol.imaps, .smtp] {
                        let result = await fake.probe(proto, names: names, roots: roots)
                        #expect(result.verdict == verdict, "\(result.detail)")
                        #expect(result.detail.contains(words), "\(result.detail)")
                    }
                }
                #expect(fake.complaints == noComplaints)
            }
        }
    }

    @Test func `a certificate of its own among the authorities is trusted`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let certificate = try FakeCertificate.selfSigned(subject: "home", names: [Self.host])
        let file = folder.file("own.pem")
        try file.write(certificate.pem)
        try await withStalwart(.init(certificate: certificate)) { fake in
            let result = await fake.probe(.imaps, names: [Self.host], roots: file.path)
            #expect(result.verdict == .well, "\(result.detail)")
        }
    }

    @Test func `without a file of authorities the system's list decides`() async throws {
        try await withAuthority { authority, _ in
            try await withStalwart(.init(certificate: try authority.issue([Self.host]))) { fake in
                let unknown = await fake.probe(.imaps)
                #expect(unknown.verdict == .certificateUntrusted)
                let missing = await fake.probe(.imaps, roots: "/nowhere/roots.pem")
                #expect(missing.verdict == .certificateUntrusted)
                #expect(missing.detail.contains("/nowhere/roots.pem cannot be read"), "\(missing.detail)")
            }
        }
    }

    @Test(arguments: FakeStalwart.protocols.filter { $0.firstSpeaker == .server })
    func `a server without STARTTLS is degraded`(proto: ListenerProtocol) async throws {
        var settings = FakeStalwart.Settings()
        settings.offersStartTLS = false
        try await withStalwart(settings) { fake in
            let result = await fake.probe(proto)
            #expect(result.verdict == .startTLSMissing, "\(result.detail)")
            #expect(result.verdict.grade == .degraded)
            #expect(fake.complaints == noComplaints)
            #expect(fake.counters.goodbyes == 1)
        }
    }

    @Test(arguments: FakeStalwart.protocols.filter { $0 != .https }, [ProxyProtocolOut.Version.v2, .none])
    func `a server that turns the edge away is busy`(
        proto: ListenerProtocol, version: ProxyProtocolOut.Version
    ) async throws {
        var settings = FakeStalwart.Settings.expecting(version)
        settings.mode = .unavailable
        try await withStalwart(settings) { fake in
            let result = await fake.probe(proto, version)
            #expect(result.verdict == .busy, "\(result.detail)")
            #expect(fake.complaints == noComplaints)
        }
    }

    @Test func `all ports refused and the setup page open is a mail server that boots`() async throws {
        var settings = FakeStalwart.Settings.trusting()
        settings.mode = .bootstrap
        try await withStalwart(settings) { fake in
            var results: [UInt16: ProbeResult] = [:]
            for proto in FakeStalwart.protocols { results[fake.port(proto)] = await fake.probe(proto, .v2) }
            #expect(results.values.allSatisfy { $0.verdict == .refused })
            #expect(EndpointDiagnosis.mayBeBooting(results))
            let way = ProbeWay.direct(fake.address(.smtp))
            let isOpen = await prober.isSetupPortOpen(way, port: fake.setupPort, timeout: patience)
            #expect(isOpen)
            let joined = EndpointDiagnosis.joined(results, isSetupPortOpen: isOpen)
            #expect(joined.values.allSatisfy { $0.verdict == .booting })

            try await fake.configure { $0.mode = .serving }
            #expect(await fake.probe(.smtp, .v2).verdict == .certificateFallback)
            await fake.stop()
            #expect(await fake.probe(.smtp, .v2).verdict == .refused)
            #expect(await !prober.isSetupPortOpen(way, port: fake.setupPort, timeout: patience))
            try await fake.resume()
            #expect(await fake.probe(.smtp, .v2).verdict == .certificateFallback)
        }
    }

    @Test func `the wrong port is named by what answers on it, and left politely`() async throws {
        try await withStalwart { fake in
            let pairs: [(asked: ListenerProtocol, there: ListenerProtocol, words: String)] = [
                (.smtp, .imap, "an IMAP server"), (.imap, .smtp, "an SMTP server"),
                (.pop3, .sieve, "a ManageSieve server"),
                (.sieve, .pop3, "a POP3 server"), (.imap, .sieve, "a ManageSieve server"),
                (.imaps, .imap, "an IMAP server without TLS"), (.https, .smtp, "an SMTP server without TLS"),
                (.imaps, .submissions, "an SMTP server"), (.submissions, .pop3s, "a POP3 server"),
            ]
            for pair in pairs {
                let before = fake.counters.goodbyes
                let question = ProbeQuestion.test(.direct(fake.address(pair.there)), pair.asked)
                let result = await prober.probe(question, timeout: patience)
                #expect(result.verdict == .wrongProtocol, "\(pair): \(result.detail)")
                #expect(result.detail.contains(pair.words), "\(pair): \(result.detail)")
                #expect(fake.counters.goodbyes == before + 1, "\(pair)")
            }
            #expect(fake.complaints == noComplaints)
        }
    }

    @Test(arguments: [ProxyProtocolOut.Version.v2, .none])
    func `a port that wants TLS first is named where it says nothing, however often it is asked`(
        version: ProxyProtocolOut.Version
    ) async throws {
        try await withStalwart(.expecting(version)) { fake in
            let pairs: [(asked: ListenerProtocol, there: ListenerProtocol, words: String)] = [
                (.imap, .imaps, "the protocol imaps"), (.pop3, .pop3s, "the protocol pop3s"),
                (.submission, .submissions, "the protocol submissions"), (.smtp, .https, "the protocol submissions"),
            ]
            for pair in pairs {
                let question = ProbeQuestion.test(.direct(fake.address(pair.there)), pair.asked, version)
                let result = await prober.probe(question, timeout: patience, patience: impatience)
                #expect(result.verdict == .wrongProtocol, "\(pair): \(result.detail)")
                #expect(result.detail.contains(pair.words), "\(pair): \(result.detail)")
                #expect(!result.verdict.turnsOff(.reachability))
                let again = await prober.probe(question, timeout: patience, patience: impatience)
                #expect(again.verdict == .wrongProtocol, "the same: \(pair): \(again.detail)")
            }
        }
    }

    @Test func `a plain port is named where TLS was to come first, with and without a header`() async throws {
        for version in [ProxyProtocolOut.Version.v2, .none] {
            try await withStalwart(.expecting(version)) { fake in
                for (asked, there) in [(ListenerProtocol.imaps, ListenerProtocol.imap), (.submissions, .submission)] {
                    let question = ProbeQuestion.test(.direct(fake.address(there)), asked, version)
                    let result = await prober.probe(question, timeout: patience)
                    #expect(result.verdict == .wrongProtocol, "\(result.detail)")
                    #expect(result.detail.contains("without TLS"), "\(result.detail)")
                }
            }
        }
    }

    @Test func `a probe of the protocol tcp asks nothing`() async throws {
        try await withStalwart { fake in
            let result = await prober.probe(.test(.direct(fake.address(.smtp)), .tcp), timeout: patience)
            #expect(result.verdict == .unprobed)
            #expect(fake.counters.connections == 0)
        }
    }
}
