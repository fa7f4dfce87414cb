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

    mutating func binds(_ line: HAProxyLine) -> [DraftBind] {
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
    func noteFamily(of bind: DraftBind, among all: [DraftBind], at place: SourcePlace) {
        guard bind.host == "0.0.0.0", !bind.port.contains("$"),
            !all.contains(where: { $0.port == bind.port && ($0.host.isEmpty || $0.host == "::") })
        else { return }
        findings.note(
            "in HAProxy this is IPv4 alone; imported as it is: \":PORT\" in place of \"0.0.0.0:PORT\" would be both families",
            at: place)
    }

    private mutating func bind(_ text: String, isV6Only: Bool, at place: SourcePlace) -> [DraftBind] {
        var (family, text) = Self.family(of: text)
        if text.hasPrefix("/") || family == "unix" { return [DraftBind(host: text, port: "", isUnix: true)] }
        guard ["", "ipv4", "ipv6", "tcp", "tcp4", "tcp6"].contains(family) else {
            findings.refuse("\(family.quoted) cannot be listened on; only TCP and Unix sockets can", at: place)
            return []
        }
        // HAProxy writes IPv6 without brackets too; the last colon is that of the port.
        if !text.hasPrefix("["), text.filter({ $0 == ":" }).count > 1, !text.contains("$"),
            let colon = text.lastIndex(of: ":")
        {
            text = "[\(text[..<colon])]\(text[colon...])"
        }
        guard let parts = try? HostAndPortText(text), let port = parts.port else {
            findings.refuse("\(text.quoted) names no port to listen on; add one", at: place)
            return []
        }
        let isV6 = family.hasSuffix("6")
        var host = parts.host
        switch host {
        case "", "*": host = isV6 ? (isV6Only ? "::" : "") : "0.0.0.0"
        // Linux gives a socket on :: the IPv4 clients too, unless it is told otherwise.
        case "::": host = isV6Only ? "::" : ""
        case "localhost": host = "127.0.0.1"
        default:
            guard host.contains("$") || IPAddressText.parse(host) != nil else {
                findings.refuse("the name \(host.quoted) cannot be listened on; write its address", at: place)
                return []
            }
        }
        variables.specify(host, as: parts.isBracketed ? .listenHostV6 : .listenHost)
        if port.contains("$") {
            variables.specify(port, as: .port)
            return [DraftBind(host: host, port: port)]
        }
        guard let ports = PortText.range(port), ports.count <= Allowed.bindAddresses.upperBound else {
            findings.refuse(
                "\(port.quoted) is neither a port nor a range of at most \(Allowed.bindAddresses.upperBound)", at: place
            )
            return []
        }
        return ports.map { DraftBind(host: host, port: "\($0)") }
    }

    /// The address of a server; without a port it is the one that the client came to.
    mutating func endpoint(_ word: HAProxyLine.Word) -> DraftUpstream.Endpoint? {
        var (family, text) = Self.family(of: word.text)
        if text.hasPrefix("/") || family == "unix" { return DraftUpstream.Endpoint(host: text, isUnix: true) }
        guard ["", "ipv4", "ipv6", "tcp", "tcp4", "tcp6"].contains(family) else {
            findings.refuse(
                "\(word.text.quoted): \(family.quoted) cannot be dialled; only TCP and Unix sockets can", at: word.place
            )
            return nil
        }
        if !text.hasPrefix("["), text.filter({ $0 == ":" }).count > 1, !text.contains("$"),
            let colon = text.lastIndex(of: ":"),
            IPAddressText.parse(text[..<colon]) != nil
        {
            text = "[\(text[..<colon])]\(text[colon...])"
        }
        guard let parts = try? HostAndPortText(text), !parts.host.isEmpty else {
            findings.refuse("\(word.text.quoted) is no address such as mail.example.net:25", at: word.place)
            return nil
        }
        guard let port = parts.port, !port.isEmpty else { return DraftUpstream.Endpoint(host: parts.host) }
        guard PortText.isGood(port), !port.hasPrefix("+"), !port.hasPrefix("-") else {
            findings.refuse("\(port.quoted) is not a port; write the port to dial", at: word.place)
            return nil
        }
        variables.specify(port, as: .port)
        return DraftUpstream.Endpoint(host: parts.host, port: port)
    }

    /// `ipv4@…` and the like.
    private static func family(of text: String) -> (family: String, rest: String) {
        guard let at = text.firstIndex(of: "@") else { return ("", text) }
        return (String(text[..<at]), String(text[text.index(after: at)...]))
    }
}
