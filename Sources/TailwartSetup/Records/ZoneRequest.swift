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

/// The `id` of an MTA-STS policy: a new one makes senders fetch the policy again (RFC 8461 section 3.1).
package struct PolicyID: Sendable, Equatable {
    package let text: String

    /// Nil unless the text is 1 to 32 letters and digits.
    package init?(_ text: String) {
        let isWellFormed = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        }
        guard (1...32).contains(text.utf8.count), isWellFormed else { return nil }
        self.text = text
    }

    /// The usual one: the time at which the policy was published, as `20261124013000`.
    ///
    /// - Parameter time: seconds since 1970, UTC; from 1970 on.
    package init(time: Int) {
        text = UTCTime(seconds: max(0, time)).description.filter(\.isNumber)
    }
}

/// Where TLS reports are sent (RFC 8460 section 3).
package struct ReportAddress: Sendable, Equatable {
    package let url: String

    /// Takes `mailto:`, `https:` or a bare mail address; nil for anything else, and for what the record gives a meaning of
    /// its own: spaces, `,`, `;` and `!`.
    package init?(_ text: String) {
        let isWellFormed =
            text.utf8.allSatisfy { (0x21...0x7e).contains($0) } && !text.contains { ",;!\"\\".contains($0) }
        guard isWellFormed, text.utf8.count <= 400 else { return nil }
        if text.hasPrefix("https://"), text.utf8.count > 8 {
            url = text
        } else {
            let address = text.hasPrefix("mailto:") ? text.dropFirst(7) : text[...]
            let parts = address.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, ServerNamePattern(parts[1])?.isWildcard == false else {
                return nil
            }
            url = "mailto:\(address)"
        }
    }
}
