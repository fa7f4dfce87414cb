import Foundation
import TailwartClient
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartProbe

@Suite struct CertificateReportTests {
    private static let names = ["mail.example.org"]

    private func report(_ certificate: FakeCertificate, _ authority: FakeAuthority, now: Date) async throws
        -> CertificateReport
    {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = folder.file("roots.pem")
        try file.write(authority.pem)
        return try CertificateReport(
            chain: certificate.chain, names: Self.names, roots: await TrustRoots().load(file.path),
            now: Int(now.timeIntervalSince1970))
    }

    @Test(arguments: [
        (-1.0, Verdict.certificateNotYetValid, 1.0), (1, .well, 0.99), (50, .well, 0.5), (74, .well, 0.26),
        (76, .certificateExpiring, 0.24), (81, .certificateExpiring, 0.19), (99, .certificateExpiring, 0.01),
        (101, .certificateExpired, 0),
    ])
    func `the verdict follows the share of the lifetime that is left`(hour: Double, verdict: Verdict, left: Double)
        async throws
    {
        let authority = try FakeAuthority()
        let start = Date(timeIntervalSince1970: Date.now.timeIntervalSince1970.rounded())
        let certificate = try authority.issue(Self.names, from: start, to: start + 100 * 3600)
        let now = start + hour * 3600
        let report = try await report(certificate, authority, now: now)
        #expect(abs(report.lifetimeLeft - left) < 0.001)
        #expect(report.judged(at: Int(now.timeIntervalSince1970)).0 == verdict)
        #expect(report.notAfter - report.notBefore == 100 * 3600)
    }

    @Test(
        arguments: [
            (-2 * 24, .certificateNotYetValid, "and by this host's clock it is "), (60 * 24, .well, "is valid until "),
            // Most clients renew with 30 of 90 days left: 20 are late.
            (70 * 24, .certificateExpiring, ", in 20 days, with 22 % of its lifetime left."),
            (90 * 24 - 5, .certificateExpiring, ", in 5 hours, with 0 % of its lifetime left."),
            (91 * 24, .certificateExpired, ", 1 day ago."),
        ] as [(Int, Verdict, String)])
    func `what is wrong with the dates of a certificate of 90 days is said in days`(
        hour: Int, verdict: Verdict, words: String
    ) throws {
        let report = CertificateReport(
            subject: "mail", issuer: "Authority", names: Self.names, notBefore: 0, notAfter: 90 * 86_400,
            lifetimeLeft: Double(90 * 24 - hour) / Double(90 * 24), isSelfSigned: false, isFallback: false,
            chainProblem: nil, missingNames: [])
        let (found, sentence) = report.judged(at: hour * 3600)
        #expect(found == verdict)
        #expect(sentence.contains(words), "\(sentence)")
    }

    @Test func `what is no certificate is an error and not a trap`() async throws {
        var random = SeededRandom(seed: 0xce27)
        let der = try FakeAuthority().issue(Self.names).chain[0].der
        let roots = await TrustRoots().load("/nowhere")
        for _ in 0..<300 {
            var bytes = der
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if random.oneIn(4) { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random)) }
            guard let certificate = try? Certificate(der: bytes) else { continue }
            let report = try? CertificateReport(chain: [certificate], names: Self.names, roots: roots, now: 0)
            if let report { _ = report.judged(at: 0) }
        }
        #expect(throws: (any Error).self) { try Certificate(der: []) }
        #expect(throws: (any Error).self) {
            try CertificateReport(chain: [], names: [], roots: roots, now: 0)
        }
    }

    @Test func `authorities are read anew when their file changes`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = folder.file("roots.pem")
        let roots = TrustRoots()
        func count() async -> Int? { try? await roots.load(file.path).get().certificates.count }

        #expect(await count() == nil)
        try file.write("nothing in here")
        #expect(await count() == nil)
        let (first, second) = (try FakeAuthority().pem, try FakeAuthority("Another").pem)
        try file.write(first)
        #expect(await count() == 1)
        try file.write(first + second)
        #expect(await count() == 2)
        try file.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + second)
        #expect(await count() == 1, "one that cannot be read does not spoil the others")
    }

    @Test func `this host's own list of authorities can be read`() async throws {
        let authorities = try await TrustRoots().load(nil).get()
        #expect(authorities.certificates.count > 50)
    }

    @Test(arguments: [
        ("mail.example.org", true), ("MAIL.Example.org", true), ("mail.example.org.", true),
        ("a.wild.example.org", true), ("a.b.wild.example.org", false), ("wild.example.org", false),
        (".wild.example.org", false), ("example.org", false), ("other.org", false), ("anything.top", false),
        ("192.0.2.1", true), ("192.0.2.2", false), ("2001:db8::1", false), ("", false),
    ])
    func `names are compared as clients compare them`(name: String, isCovered: Bool) async throws {
        let certificate = try FakeAuthority().issue(
            ["mail.example.org.", "*.wild.example.org", "*.top"], addresses: [.v4(0xc000_0201)])
        let report = try CertificateReport(
            chain: [certificate.chain[0]], names: [name], roots: .failure(.init(reason: "not asked for")),
            now: Int(Date.now.timeIntervalSince1970))
        #expect(report.missingNames.isEmpty == isCovered)
        #expect(report.names == ["mail.example.org.", "*.wild.example.org", "*.top", "192.0.2.1"])
    }
}
