package import TailwartCore
package import TailwartWire

/// What `tailwart records` is asked for besides the configuration.
package struct ZoneRequest: Sendable {
    /// The name of the edge as senders and mail programs know it; nil for `mail.` and the first domain.
    package var host: ServerNamePattern?
    /// The edge's public addresses.
    package var addresses: [IPAddress]
    /// Those of this host's interfaces, so that nothing untrue is said of them.
    package var hostAddresses: [IPAddress]
    /// Domains besides those of the configuration.
    package var domains: [ServerNamePattern]
    /// ACME accounts that may have certificates issued; none leaves CAA out.
    package var accounts: [ACMEAccount]
    /// Where TLS reports go, a `mailto:` or `https:` URL; nil for the postmaster of each domain.
    package var reports: ReportAddress?
    package var policyID: PolicyID

    package init(
        host: ServerNamePattern? = nil, addresses: [IPAddress], hostAddresses: [IPAddress] = [],
        domains: [ServerNamePattern] = [], accounts: [ACMEAccount] = [], reports: ReportAddress? = nil,
        policyID: PolicyID
    ) {
        self.host = host
        self.addresses = addresses
        self.hostAddresses = hostAddresses
        self.domains = domains
        self.accounts = accounts
        self.reports = reports
        self.policyID = policyID
    }
}
