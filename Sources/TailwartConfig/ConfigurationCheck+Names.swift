import TailwartCore
import TailwartWire

/// Checks of the names that lead to a mailbox on 443.
extension ConfigurationCheck {
    /// The mailbox's own name has to be among them: under `acme-tls/1` (RFC 8737) an authority comes to each name of an order, and one that
    /// goes elsewhere fails the whole of it. The mail server then never gets a certificate.
    func checkOwnNames() {
        let takers = Set(
            configuration.listeners.filter { $0.proto == .smtp }.flatMap(\.routes).compactMap(\.target.upstreamName))
        for (number, listener) in configuration.listeners.enumerated() where listener.proto == .https {
            let routes = listener.routes.enumerated().filter {
                $0.element.match != nil && $0.element.leads(to: takers)
            }
            guard let (index, route) = routes.first, let upstream = route.target.upstreamName.flatMap({ upstreams[$0] })
            else { continue }
            let names = routes.flatMap { $0.element.match?.serverNames ?? [] }
            let position = positions[.route(listener: number, index)] ?? .start
            guard let hostname = upstream.hostname else {
                checkThereIsOne(among: names, of: upstream, at: position)
                continue
            }
            guard let first = listener.route(for: hostname), !first.leads(to: takers) else { continue }
            problems.warning(
                "\(hostname.quoted) is not routed to \(upstream.name.quoted) on 443 (\(listener.name)), so the mail server gets no "
                    + "certificate by acme-tls/1; add the name to 'sni'", at: position)
        }
    }

    /// Where nothing but the names of domains leads to a mailbox, its own does not.
    private func checkThereIsOne(among names: [ServerNamePattern], of upstream: Upstream, at position: TextPosition) {
        let prefixes = Defaults.httpsNamePrefixes.map { "\($0)." }
        guard let name = names.first?.name,
            names.allSatisfy({ name in !name.isWildcard && prefixes.contains { name.name.hasPrefix($0) } })
        else { return }
        let domain = name.drop { $0 != "." }
        problems.warning(
            "on 443 only names of domains are routed to \(upstream.name.quoted), not its own name, so the mail server gets no certificate by "
                + "acme-tls/1; add the name in the MX record, such as 'hostname: mail\(domain)'", at: position)
    }
}
