import TailwartCore
import TailwartProbe
import TailwartWire

/// Whether each name on the mailbox's certificate leads to it on 443 too: under `acme-tls/1` (RFC 8737) an authority comes to all of them before the
/// certificate is renewed, and one that goes elsewhere fails the whole order.
struct NameCheck {
    let configuration: Configuration

    init(_ configuration: Configuration) { self.configuration = configuration }

    /// A line for each name that leads elsewhere; none where the edge does not divide 443 by name.
    ///
    /// - Parameter certificates: of the mail ports, with the upstream that showed it.
    func findings(_ certificates: [(upstream: Upstream, certificate: CertificateReport)]) -> [Finding] {
        var said: Set<String> = []
        return certificates.flatMap { upstream, certificate in
            // One that the server has made up is no order of anybody's.
            certificate.isFallback || certificate.isSelfSigned
                ? []
                : certificate.names.compactMap { name in
                    guard let name = ServerNamePattern(name), !name.isWildcard, name.name.contains("."),
                        let other = elsewhere(name.name, upstream), said.insert(name.name).inserted
                    else { return nil }
                    return Finding(
                        .name, name.name, .warn,
                        "The mailbox's certificate has the name, but on 443 it is routed to \(other): the authority's acme-tls/1 check fails, "
                            + "and with it the whole certificate.",
                        fix:
                            "Write 'hostname: \(name.name)' into 'mailbox', or add the name to 'https: {names: […]}'. If the certificate is "
                            + "renewed by DNS-01, nothing is to be done.")
                }
        }
    }

    /// A line for each other name than its own with which a mail server greets. Nobody is turned away for it, but Stalwart orders its certificate
    /// for the name that it has.
    func greetings(_ results: [(upstream: Upstream, result: ProbeResult)]) -> [Finding] {
        var said: Set<[String]> = []
        return results.compactMap { upstream, result in
            guard let hostname = upstream.hostname, let name = result.greetedAs, name != hostname,
                said.insert([upstream.name, name]).inserted
            else { return nil }
            let isStalwart = result.server == .stalwart
            let remedy =
                isStalwart
                ? "Start it with STALWART_HOSTNAME=\(hostname) (a line of .env, with the files of deploy/mailbox)"
                : "Have it call itself \(hostname), as `tailwart trust` prints it for the usual servers"
            return Finding(
                .name, hostname, isStalwart ? .warn : .pass,
                "The mail server calls itself '\(name)' in its greeting, and 'hostname' says \(hostname)."
                    + (isStalwart ? " It orders its certificate for the name that it has." : ""),
                fix: "\(remedy), or correct 'hostname' if the other one is right.",
                matter: isStalwart ? .misnamed : nil)
        }
    }

    /// Where a name leads that does not lead to the mailbox; nil if it does, or if nobody divides by name.
    private func elsewhere(_ name: String, _ mailbox: Upstream) -> String? {
        let mailboxes = configuration.upstreams(besides: [mailbox.name])
        for listener in configuration.listeners where listener.proto == .https {
            guard listener.routes.contains(where: { $0.match != nil && $0.leads(to: mailboxes) }) else { continue }
            guard let first = listener.route(for: name) else { return "no route" }
            return first.leads(to: mailboxes) ? nil : first.target.upstreamName.map { "'\($0)'" } ?? "no upstream"
        }
        return nil
    }
}
