import TailwartConfig
import TailwartCore
import TailwartSetup
import TailwartTesting
import TailwartWire
import Testing

/// Configurations as operators write them.
enum Sample: String, CaseIterable {
    /// The usual edge of the documentation.
    case usual = """
        mailbox:
          address: stalwart.tail1234.ts.net
          domains: [example.org]
        web: 127.0.0.1:8443
        """
    /// Every port, two domains, other names.
    case everything = """
        mailbox:
          address: mail.example.net
          ports: [25, 465, 587, 143, 993, 110, 995, 4190]
          domains: [example.org, lists.example.org]
          https: {names: [webmail.example.org, other.example.com, lists.example.org, "*.apps.example.org"]}
        """
    /// On a LAN, with ports of the edge's own on the mailbox.
    case ownPorts = """
        mailbox:
          address: 192.168.1.20
          ports: {25: 10025, 465: 10465, 587: 10587, 993: 10993, 995: 10995, 143: 10143, 4190: 14190}
          domains: [example.org]
        web: {address: "127.0.0.1:8443", proxy_protocol: v2}
        """
    /// No mail from senders, one address, unusual port.
    case readersOnly = """
        mailbox:
          address: 100.64.0.7
          ports: {2993: 993}
          bind: [198.51.100.7]
          domains: [example.org]
        """
    /// Nothing on 443.
    case mailOnly = """
        mailbox: {address: 100.64.0.7, proxy_protocol: v1}
        """

    func load() throws -> Configuration {
        let result = Configuration.load(text: rawValue, file: "\(self)", environment: [:])
        return try #require(result.configuration, "\(result.problems)")
    }
}

extension ZoneRequest {
    /// The edge of the documentation; the id is that of 2026-11-24 01:30 UTC.
    static func sample(
        host: String? = nil, _ addresses: [String] = ["203.0.113.7", "2001:db8::7"], domains: [String] = [],
        accounts: [ACMEAccount] = []
    ) throws -> ZoneRequest {
        ZoneRequest(
            host: try host.map { try #require(ServerNamePattern($0)) },
            addresses: try addresses.map { try #require(IPAddress($0)) },
            domains: try domains.map { try #require(ServerNamePattern($0)) }, accounts: accounts,
            policyID: try #require(PolicyID("20261124013000")))
    }
}
