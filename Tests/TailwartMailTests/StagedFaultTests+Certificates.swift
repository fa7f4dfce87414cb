import TailwartCore
import TailwartTesting
import Testing

/// Certificates.
extension StagedFaultTests {
    @Test
    func `a Stalwart without a certificate is asked whether it ordered one, and lost settings are for who had one`()
        async throws
    {
        try await withStalwart(change: { settings, _ in settings.certificate = nil }) { stage in
            try await stage.edge.says(
                .verdict(
                    "certificate_fallback", on: stage.ports, "ACME, in its domains' settings",
                    "a name of the order, such as its own host name, does not reach it on 443"),
                .healthy(on: stage.ports))
            try await stage.edge.saysNothing()
            let issued = try stage.authority.issue([Self.name])
            try await stage.fake.configure { $0.certificate = issued }
            try await stage.edge.says(.verdict("well", on: stage.ports))
            // Its database was away while it started.
            try await stage.fake.configure { $0.certificate = nil }
            try await stage.edge.says(
                .verdict(
                    "certificate_lost", on: stage.ports, "its settings were lost while it started",
                    "Restart Stalwart once its database answers"))
            try await stage.edge.saysNothing()
        }
    }

    @Test
    func `an order of which one name does not reach the mailbox brings no certificate, and a whole one does`()
        async throws
    {
        let ordered = FakeStalwart.orderedNames(for: "example.org")
        let authority = try FakeAuthority()
        for names in [ordered.dropLast(), ordered[...]] {
            try await TestHost.run { host in
                let roots = host.folder.file("authority.pem")
                try roots.write(authority.pem)
                try await FakeStalwart.with(.trusting()) { fake in
                    let (smtp, https) = (fake.port(.smtp), fake.port(.https))
                    let edge = try await StagedEdge(
                        on: host,
                        .init(", proxy_protocol: v2", health: ", trust_roots: \(roots.path)", ports: [(.smtp, smtp)]),
                        .init(", proxy_protocol: none", name: "https", isProbed: false, ports: [(.https, https)]),
                        names: Array(names))
                    let words = "a name of the order, such as its own host name, does not reach it on 443"
                    try await edge.says(.verdict("certificate_fallback", on: [smtp], words), .healthy(on: [smtp]))
                    let missed = try await fake.order(ordered, at: edge.door(https), of: authority)
                    #expect(missed == ordered.filter { !names.contains($0) })
                    if missed.isEmpty { try await edge.says(.verdict("well", on: [smtp])) }
                    try await edge.saysNothing()
                }
            }
        }
    }

    /// What is said of one, with the hours of its life around now.
    private static let dates: [(from: Double, to: Double, verdict: String, cause: String, fix: String)] = [
        (-1000, -1, "certificate_expired", "has expired", "Read Stalwart's log for acme errors"),
        (1, 1000, "certificate_not_yet_valid", "is not valid yet, or a clock is wrong", "`timedatectl`"),
        (-70 * 24, 20 * 24, "certificate_expiring", "its renewal is overdue", "Read Stalwart's log for acme errors"),
    ]

    @Test(arguments: dates.indices)
    func `a certificate whose time is over, has not come or is nearly over is one line with what to do`(number: Int)
        async throws
    {
        let dates = Self.dates[number]
        try await withStalwart(
            change: { settings, authority in
                settings.certificate = try authority.issue(
                    [Self.name], from: .hoursFromNow(dates.from), to: .hoursFromNow(dates.to))
            }
        ) { stage in
            try await stage.edge.says(
                .verdict(dates.verdict, on: stage.ports, dates.cause, dates.fix), .healthy(on: stage.ports))
            try await stage.edge.saysNothing()
            let renewed = try stage.authority.issue([Self.name])
            try await stage.fake.configure { $0.certificate = renewed }
            try await stage.edge.says(.verdict("well", on: stage.ports))
        }
    }

    @Test func `a name that is missing in the certificate is named once for all mail ports`() async throws {
        try await withStalwart(health: ", names: [\(Self.name), imap.example.org]") { stage in
            try await stage.edge.says(
                .verdict(
                    "certificate_name_mismatch", on: stage.ports, "imap.example.org", "Add the missing names"),
                .healthy(on: stage.ports))
            try await stage.edge.saysNothing()
        }
    }

    @Test func `of twelve names on 443 the one that is missing in the certificate is found in the first interval`()
        async throws
    {
        let names = (1...12).map { "n\($0).example.org" }
        // By itself each of them would be asked for once in twelve intervals.
        try await withStalwart(
            [.https], health: ", interval: 12s", names: names, certified: names.filter { $0 != "n12.example.org" }
        ) { stage in
            try await stage.edge.says(
                .healthy(on: stage.ports),
                .verdict(
                    "certificate_name_mismatch", on: stage.ports, "(https, n12.example.org)", "Add the missing names"))
            #expect(stage.edge.rounds < 40)
        }
    }
}
