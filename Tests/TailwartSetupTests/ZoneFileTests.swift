import TailwartSetup
import TailwartTesting
import Testing

/// What BIND's own reader says of the snippets.
struct ZoneFileTests {
    private func check(_ zone: String, _ records: String, on host: TestHost) async throws -> (
        code: Int32, output: String
    ) {
        let source = host.folder.file("\(zone).zone")
        let canonical = host.folder.file("\(zone).canonical")
        try source.write(
            """
            $TTL 300
            \(zone). IN SOA ns.\(zone). hostmaster.\(zone). 1 3600 600 86400 300
            \(zone). IN NS ns.\(zone).
            ns.\(zone). IN A 192.0.2.53

            """ + records)
        // Fails on what is only suspicious too: an MX or SRV to an alias, to an address, or to nothing.
        let program = try Program("named-compilezone", package: "bind9-utils")
        let process = try host.start(
            "named-compilezone-\(zone)", program,
            [
                "-i", "local", "-k", "fail", "-m", "fail", "-M", "fail", "-n", "fail", "-r", "fail", "-S", "fail", "-T",
                "warn",
                "-s", "full", "-o", canonical.path, zone, source.path,
            ])
        return (try await process.exitCode(), process.output.text + process.errors.text + canonical.text)
    }

    @Test(arguments: Sample.allCases)
    func `BIND reads every zone of a snippet`(sample: Sample) async throws {
        try await TestHost.run { host in
            let account = try ACMEAccount(uri: "https://acme-v02.api.letsencrypt.org/acme/acct/1", issuer: nil)
            let other = try ACMEAccount(uri: "https://acme.example.net/acct/2", issuer: "ca.example.net")
            let plan = try DNSZones(
                EdgeFacade(sample.load()), .sample(domains: ["example.com"], accounts: [account, other]))
            // The host's zone first: the others name it.
            let parts = plan.zoneSnippet.split(separator: "; For the zone that holds ")
            #expect(parts.count == plan.zones.count)
            for (zone, part) in zip(plan.zones, parts) {
                let (code, output) = try await check(zone.name, "; For \(part)", on: host)
                #expect(code == 0, "\(output)")
                #expect(output.contains("loaded serial 1"), "\(output)")
                // Each record is there, and none was taken for another zone's and left out.
                let count = zone.groups.flatMap(\.records).count
                let read = output.split(separator: "\n").filter { $0.contains(" IN ") }.count
                #expect(read == count + 3, "SOA, NS and its address besides\n\(output)")
                #expect(!output.contains("out-of-zone"))
            }
        }
    }

    @Test func `BIND puts a long text together as it was`() async throws {
        try await TestHost.run { host in
            let text = "v=TLSRPTv1; rua=" + String(repeating: "q\"\\;ä", count: 90)
            let record = ZoneRecord("_smtp._tls.example.org", .text(text))
            let (code, output) = try await check("example.org", "\(record.name). IN TXT \(record.value)\n", on: host)
            #expect(code == 0, "\(output)")
            let line = try #require(output.split(separator: "\n").first { $0.contains("IN TXT") })
            #expect(line.hasSuffix(record.value), "BIND writes it in the same way")
        }
    }

    @Test func `a broken snippet would be noticed`() async throws {
        try await TestHost.run { host in
            let broken = "example.org. IN MX 10 mail.example.org.\nmail.example.org. IN CNAME www.example.org.\n"
            let (code, output) = try await check("example.org", broken, on: host)
            #expect(code != 0, "\(output)")
        }
    }
}
