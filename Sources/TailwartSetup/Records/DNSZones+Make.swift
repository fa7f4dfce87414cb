import TailwartCore
import TailwartWire

extension DNSZones {
    /// Plans the records for an edge.
    package init(_ facade: EdgeFacade, _ request: ZoneRequest) throws(Problem) {
        let domains = (facade.domains + request.domains.map(\.name)).withoutRepeats
        guard let first = domains.first else { throw .noDomain }
        let addresses = request.addresses.withoutRepeats
        guard !addresses.isEmpty else { throw .noAddress }
        for address in addresses {
            if let reason = PublicAddress.problem(address) { throw .notPublic(address, reason: reason) }
        }
        let host = request.host?.name ?? facade.hostname ?? "mail.\(first)"

        let zones = domains.map { Self.zone(of: $0, host: host, facade, request) }
        self.host = host
        self.zones = Self.place(
            Self.group("the edge", addresses.map { ZoneRecord(host, .address($0)) }).map { [$0] } ?? [], under: host,
            in: Self.placeOthers(facade.otherNames(than: domains).filter { $0 != host }, host: host, in: zones))
        let names = self.zones.flatMap(\.groups).flatMap(\.records).map(\.name)
        if let name = names.first(where: { $0.utf8.count > ZoneRecord.nameLimit }) { throw .nameTooLong(name) }
        reverse = addresses.map { Reverse(address: $0, host: host) }
        warnings = Self.warnings(facade, addresses, request.hostAddresses)
    }

    private static func zone(
        of domain: String, host: String, _ facade: EdgeFacade, _ request: ZoneRequest
    ) -> Zone {
        var groups: [Group?] = []
        var hints: [String] = []

        let takesMail = facade.port(of: .smtp) == 25
        if takesMail {
            groups.append(group("incoming mail", [ZoneRecord(domain, .mailExchange(preference: 10, host: host))]))
        } else {
            hints.append(
                "No MX record: the edge does not listen on port 25 for the internet, and senders use no other port.")
        }

        let names = Defaults.httpsNamePrefixes.map { "\($0).\(domain)" }.filter { $0 != host }
        let passed = names.filter(facade.passes)
        groups.append(
            group(
                "for mail programs that set themselves up, and the MTA-STS policy",
                passed.map { ZoneRecord($0, .alias(host)) }))
        for name in names where !passed.contains(name) {
            hints.append(
                "No \(name): the edge does not forward this name on 443. To have it, add the domain to `mailbox.domains`."
            )
        }

        var delivery: [ZoneRecord] = []
        // Without the policy behind its name, the record would send every sender to a page that is not there.
        if takesMail, facade.passes("mta-sts.\(domain)") {
            delivery.append(ZoneRecord("_mta-sts.\(domain)", .text("v=STSv1; id=\(request.policyID.text)")))
            hints.append("MTA-STS: give _mta-sts.\(domain) a new id whenever the policy changes.")
        }
        if takesMail {
            let reports = request.reports?.url ?? "mailto:postmaster@\(domain)"
            delivery.append(ZoneRecord("_smtp._tls.\(domain)", .text("v=TLSRPTv1; rua=\(reports)")))
        }
        groups.append(group("encrypted delivery, and reports about it", delivery))

        groups.append(
            group("where mail programs connect (0 0 0 . means: not offered)", services(of: domain, host: host, facade)))

        groups.append(
            group(
                "who may issue certificates",
                request.accounts.map { ZoneRecord(domain, .issuer(tag: "issue", value: $0.caaValue)) }))
        if request.accounts.isEmpty {
            hints.append(
                "No CAA record. With `--caa-accounturi URL` there is one, and no other account than the mailbox's gets a certificate for \(domain)."
            )
        } else {
            hints.append(
                "CAA: from now on no other account gets a certificate for \(domain) or a name under it, not even this "
                    + "host's web server. Name its account too (--caa-accounturi again), or give its name CAA records of its own."
            )
            hints.append(
                "CAA: if there is an issuewild record, it replaces issue for wildcard certificates (RFC 8659 section 4.3). For a wildcard of "
                    + "the mailbox name its account there too, or have no issuewild record.")
        }
        hints += mailHints(domain, request)
        return Zone(name: domain, groups: groups.compactMap(\.self), hints: hints)
    }

    private static func services(of domain: String, host: String, _ facade: EdgeFacade) -> [ZoneRecord] {
        MailService.all.compactMap { service in
            let name = "\(service.label)._tcp.\(domain)"
            if let port = facade.port(of: service.proto) {
                return ZoneRecord(
                    name, .service(priority: service.priority, weight: 1, port: port, target: host))
            }
            guard service.isDenied else { return nil }
            return ZoneRecord(name, .service(priority: 0, weight: 0, port: 0, target: nil))
        }
    }

    /// What the mailbox must publish, and this command must not.
    private static func mailHints(_ domain: String, _ request: ZoneRequest) -> [String] {
        let addresses = request.addresses.map { $0.isV4 ? "ip4:\($0)" : "ip6:\($0)" }.joined(separator: " ")
        return [
            "No SPF record: a domain may have only one, and receivers take two for an error (RFC 7208 section 4.5). Add \(addresses) to "
                + "the one that is there only if mail leaves through this edge's addresses.",
            "No DKIM and DMARC records: they come from the mail server, which has the keys.",
        ]
    }

    /// Names that the edge passes besides the usual ones, each in the zone that holds it.
    private static func placeOthers(_ names: [String], host: String, in zones: [Zone]) -> [Zone] {
        var zones = zones
        for zone in zones.indices {
            let domain = zones[zone].name
            let own = names.filter { name in name != domain && name.nearest(of: zones.map(\.name)) == domain }
            if let group = group("other names that lead to the mailbox", own.map { ZoneRecord($0, .alias(host)) }) {
                zones[zone].groups.append(group)
            }
            if names.contains(domain) {
                zones[zone].hints.append(
                    "\(domain) itself leads to the mailbox too. A name with other records cannot be an alias (RFC 1034 "
                        + "section 3.6.2): give it the edge's addresses.")
            }
        }
        return zones
    }

    /// Puts groups first in the zone that holds the name, or into a zone of its own.
    private static func place(_ groups: [Group], under name: String, in zones: [Zone]) -> [Zone] {
        var zones = zones
        let home = name.nearest(of: zones.map(\.name))
        if let index = zones.firstIndex(where: { $0.name == home }) {
            zones[index].groups.insert(contentsOf: groups, at: 0)
            return zones
        }
        return [Zone(name: name, groups: groups, hints: [])] + zones
    }

    private static func group(_ purpose: String, _ records: [ZoneRecord]) -> Group? {
        records.isEmpty ? nil : Group(purpose: purpose, records: records)
    }

    private static func warnings(_ facade: EdgeFacade, _ addresses: [IPAddress], _ ofHost: [IPAddress]) -> [String] {
        addresses.compactMap { address in
            if address.isExample {
                return ofHost.contains(address)
                    ? "\(address) is reserved for examples: this host has it, but the internet cannot reach it. Name a public one."
                    : "\(address) is reserved for examples; no host has it. Name the edge's own address."
            }
            guard let port = facade.port(of: .smtp), !facade.listens(on: port, family: address) else { return nil }
            return
                "the edge does not listen on port \(port) of \(address): senders that try it wait before they try another. "
                + "Let a listener bind it, or leave the address out."
        }
    }
}

extension String {
    /// The longest of the domains that this name is under; both in lower case, without a trailing dot.
    fileprivate func nearest(of domains: [String]) -> String? {
        domains.filter(isUnder).max { $0.utf8.count < $1.utf8.count }
    }
}

/// A service that mail programs find by SRV record.
struct MailService: Sendable {
    let label: String
    let proto: ListenerProtocol
    /// Lower is preferred, across services too (RFC 6186 section 3.4): IMAP over POP3, TLS from the first byte over STARTTLS
    /// (RFC 8314 section 3).
    let priority: UInt16
    /// Whether a domain without the service says so with the target `.` (RFC 6186 section 3.4). ManageSieve's RFC 5804
    /// does not ask for it.
    let isDenied: Bool

    static let all = [
        MailService(label: "_submissions", proto: .submissions, priority: 0, isDenied: true),
        MailService(label: "_submission", proto: .submission, priority: 10, isDenied: true),
        MailService(label: "_imaps", proto: .imaps, priority: 0, isDenied: true),
        MailService(label: "_imap", proto: .imap, priority: 10, isDenied: true),
        MailService(label: "_pop3s", proto: .pop3s, priority: 20, isDenied: true),
        MailService(label: "_pop3", proto: .pop3, priority: 30, isDenied: true),
        MailService(label: "_sieve", proto: .sieve, priority: 0, isDenied: false),
    ]
}
