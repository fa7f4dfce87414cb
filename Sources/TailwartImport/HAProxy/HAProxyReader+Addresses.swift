import TailwartConfig
import TailwartCore
import TailwartWire

extension HAProxyReader {
    /// Words of `bind` that take no value.
    private static let flags: Set<String> = [
        "accept-proxy", "defer-accept", "tfo", "v4v6", "v6only", "allow-0rtt", "generate-certificates",
        "prefer-client-ciphers",
        "no-ca-names", "strict-sni", "expose-fd", "quic-force-retry",
    ]
    /// Words of `bind` that take one and tune.
    private static let tuning: Set<String> = [
        "backlog", "id", "maxconn", "mss", "name", "nice", "process", "thread", "shards", "tcp-ut", "user", "group",
        "mode",
        "uid", "gid", "label", "level", "cc", "guid-prefix", "severity-output",
    ]

    func binds(_ line: HAProxyLine) -> [BindAddress] {
        guard let addresses = line.words.dropFirst().first else {
            findings.refuse("'bind' needs an address", at: line.place)
            return []
        }
        var isV6Only = false
        var rest = line.words.dropFirst(2)
        while let word = rest.popFirst() {
            switch word.text {
            case "v6only": isV6Only = true
            case "ssl", "crt", "crt-list":
                findings.refuse(
                    "Tailwart ends no TLS; pass it through to a mailbox that has the certificate, or keep this with HAProxy",
                    at: word.place)
                // What follows is about TLS too.
                return []
            case "transparent", "interface", "namespace", "accept-netscaler-cip":
                findings.refuse(
                    "\(word.text.quoted) has no counterpart here; remove it, or keep this with HAProxy", at: word.place)
                if word.text != "transparent" { _ = rest.popFirst() }
            case _ where Self.flags.contains(word.text): break
            case _ where Self.tuning.contains(word.text): _ = rest.popFirst()
            default:
                // Words about TLS, whose 'ssl' has been refused, or none that is known.
                findings.refuse(
                    "\(word.text.quoted) has no counterpart here; remove it, or keep this with HAProxy", at: word.place)
                return []
            }
        }
        return addresses.text.split(separator: ",").flatMap {
            bind(String($0), isV6Only: isV6Only, at: addresses.place)
        }
    }

    /// `bind :25` is IPv4 alone, unless another address of the section takes the same port for IPv6.
    func noteFamily(of bind: BindAddress, among all: [BindAddress], at place: SourcePlace) {
        guard bind.ip == .anyV4, let port = bind.port, !variables.references.isUnknown(port),
            !all.contains(where: { $0.port == port && ($0.ip == nil || $0.ip == .anyV6) })
        else { return }
        findings.noteFamily(in: "HAProxy", at: place)
    }

    private func bind(_ text: String, isV6Only: Bool, at place: SourcePlace) -> [BindAddress] {
        let (family, text) = Self.family(of: text)
        if text.hasPrefix("/") || family == "unix" { return [.unix(path: text)] }
        guard Self.families.contains(family) else {
            findings.refuse("\(family.quoted) cannot be listened on; only TCP and Unix sockets can", at: place)
            return []
        }
        guard let parts = try? HostAndPortText(bracketed(text)), let port = parts.port else {
            findings.refuse("\(text.quoted) names no port to listen on; add one", at: place)
            return []
        }
        let host =
            switch parts.host {
            case "", "*": family.hasSuffix("6") ? (isV6Only ? "::" : "") : "0.0.0.0"
            // Linux gives a socket on :: the IPv4 clients too, unless it is told otherwise.
            case "::": isV6Only ? "::" : ""
            default: parts.host
            }
        return findings.binds(host, isV6: parts.isBracketed, ports: port, at: place)
    }

    /// The address of a server; without a port it is the one that the client came to.
    func endpoint(_ word: HAProxyLine.Word) -> Endpoint? {
        let (family, text) = Self.family(of: word.text)
        if text.hasPrefix("/") || family == "unix" { return Endpoint(path: text) }
        guard Self.families.contains(family) else {
            findings.refuse(
                "\(word.text.quoted): \(family.quoted) cannot be dialled; only TCP and Unix sockets can", at: word.place
            )
            return nil
        }
        guard let parts = try? HostAndPortText(bracketed(text)), !parts.host.isEmpty else {
            findings.refuse("\(word.text.quoted) is no address such as mail.example.net:25", at: word.place)
            return nil
        }
        guard let text = parts.port, !text.isEmpty else { return Endpoint(host: parts.host) }
        guard let port = variables.port(text) else {
            findings.refuse("\(text.quoted) is not a port; write the port to dial", at: word.place)
            return nil
        }
        return Endpoint(host: parts.host, port: port)
    }

    private static let families = ["", "ipv4", "ipv6", "tcp", "tcp4", "tcp6"]

    /// HAProxy writes IPv6 without brackets too; the last colon is that of the port.
    private func bracketed(_ text: String) -> String {
        guard let colon = text.lastIndex(of: ":"), !text.hasPrefix("["), case .v6 = IPAddress(text[..<colon]) else {
            return text
        }
        return "[\(text[..<colon])]\(text[colon...])"
    }

    /// `ipv4@…` and the like.
    private static func family(of text: String) -> (family: String, rest: String) {
        guard let at = text.firstIndex(of: "@") else { return ("", text) }
        return (String(text[..<at]), String(text[text.index(after: at)...]))
    }
}
