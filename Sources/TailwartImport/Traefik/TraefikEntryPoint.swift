import TailwartCore
import TailwartWire

/// An entry point: where connections come in, and who may say who a client is.
struct TraefikEntryPoint {
    let name: String
    let binds: [SourceBind]
    let position: SourcePosition
    var header: DraftHeader?
    /// Whether HTTP routers without `tls` are for TLS here.
    let isTLS: Bool
    let isDefault: Bool

    private static let words = WordTable(
        harmless:
            "address transport http http2 http3 forwardedheaders udp asdefault reuseport observability proxyprotocol",
        tuning: "allowacmebypass")

    /// Port names, as Go looks them up in /etc/services.
    private static let services: [String: String] = [
        "smtp": "25", "mail": "25", "submission": "587", "submissions": "465", "smtps": "465", "ssmtp": "465",
        "urd": "465", "imap": "143", "imap2": "143", "imaps": "993", "pop3": "110", "pop-3": "110", "pop3s": "995",
        "sieve": "4190", "http": "80", "https": "443",
    ]

    /// Nil where it is for UDP, where the host does not lead there, and with that refused where it is not understood.
    init?(_ member: TraefikNode.Member, published: [PublishedPort]?, _ findings: Findings) {
        let node = member.value
        (name, position) = (member.key, member.position)
        for member in node.members { Self.words.read(member.key.lowercased(), at: member.position, findings) }
        guard let address = node["address"], let raw = address.text else {
            findings.refuse("an entry point needs an address such as \":25\"", at: member.position)
            return nil
        }
        guard !raw.hasSuffix("/udp") else { return nil }
        var text = raw.hasSuffix("/tcp") ? String(raw.dropLast(4)) : raw
        if let colon = text.lastIndex(of: ":"), let port = Self.services[text[text.index(after: colon)...].lowercased()]
        {
            text = "\(text[...colon])\(port)"
        }
        var addresses = [text]
        if let published {
            let inside = text.split(separator: ":").last.flatMap { UInt16($0) }
            addresses = published.filter { $0.inside == inside }.map(\.address)
            if addresses.isEmpty {
                findings.note(
                    "the host passes nothing on to the entry point \(name.quoted), as 'ports' does not name it; left out",
                    at: member.position)
                return nil
            }
        }
        binds = addresses.flatMap { text in
            findings.binds(SourceAddress(raw: raw, text: text, position: address.position), at: member.position) {
                host in
                // Go listens on both families for these.
                ["", "0.0.0.0", "::"].contains(host) ? "" : host
            }
        }
        isTLS = node[["http", "tls"]].map { $0.flag != false } ?? false
        isDefault = node["asDefault"]?.flag ?? false
        guard let header = node["proxyProtocol"], header.flag != false else { return }
        for member in header.members where !["trustedips", "insecure"].contains(member.key.lowercased()) {
            findings.refuse(member.key, .unknown, at: member.position)
        }
        let isInsecure = header["insecure"]?.flag ?? false
        let trusted = (header["trustedIPs"]?.elements ?? []).compactMap { node in
            findings.network(node.text ?? "", at: node.position)
        }
        // Without either it believes nobody.
        guard isInsecure || !trusted.isEmpty else { return }
        var expected = DraftHeader(
            peers: Peers(allowed: isInsecure ? nil : trusted), position: header.position,
            naming: "write them under 'proxyProtocol.trustedIPs', without 'insecure'")
        expected.servesOthers = true
        expected.others =
            "serves trusted proxies that send no header, and passes over the header of everybody else; here a trusted proxy has "
            + "to send one, and nobody else may"
        self.header = expected
    }
}
