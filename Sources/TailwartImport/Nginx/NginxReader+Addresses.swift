import TailwartCore
import TailwartWire

extension NginxReader {
    /// Words behind the address of `listen` that say nothing of what is accepted.
    private static let tuning = [
        "reuseport", "bind", "deferred", "multipath", "default_server", "backlog", "rcvbuf", "sndbuf", "so_keepalive",
        "fastopen", "setfib", "accept_filter",
    ]

    /// What one `listen` stands for: several addresses for a range of ports.
    func binds(_ listen: NginxDirective) -> [BindAddress] {
        guard let address = listen.words.first else {
            findings.refuse("'listen' needs an address or a port", at: listen.place)
            return []
        }
        var isV6Only = true
        for word in listen.words.dropFirst() {
            let name = word.text.split(separator: "=")[0...].first.map(String.init) ?? ""
            switch name {
            case "proxy_protocol": break
            case "ipv6only": isV6Only = word.text != "ipv6only=off"
            case "ssl":
                findings.refuse(
                    "Tailwart ends no TLS; pass it through to a mailbox that has the certificate, or keep this server with nginx",
                    at: word.place)
            case "udp", "quic":
                findings.refuse("UDP is not carried; keep this server with nginx", at: word.place)
            default:
                if !Self.tuning.contains(name) {
                    findings.refuse("\(word.text.quoted) has no counterpart here; remove it", at: word.place)
                }
            }
        }
        if let path = address.path { return [.unix(path: path)] }
        guard var text = convert(address.text, at: address.place) else { return [] }
        // A port alone is all IPv4 addresses.
        if !text.contains(":"), variables.ports(text) != nil { text = "0.0.0.0:\(text)" }
        guard let parts = try? HostAndPortText(text), let port = parts.port else {
            findings.refuse("\(address.text.quoted) names no port to listen on; add one", at: address.place)
            return []
        }
        let host =
            switch parts.host {
            case "*", "": "0.0.0.0"
            case "::" where !isV6Only: ""
            default: parts.host
            }
        return findings.binds(host, isV6: parts.isBracketed, ports: port, at: address.place)
    }

    /// An address to pass connections to.
    func endpoint(_ word: NginxDirective.Word) -> Endpoint? {
        if let path = word.path { return Endpoint(path: path) }
        guard let text = convert(word.text, at: word.place) else { return nil }
        guard let parts = try? HostAndPortText(text) else {
            findings.refuse("\(word.text.quoted) is no address such as mail.example.net:25", at: word.place)
            return nil
        }
        guard let number = parts.port else {
            findings.refuse(
                "\(word.text.quoted) is neither an 'upstream' of this file nor an address with a port", at: word.place)
            return nil
        }
        guard let port = variables.port(number) else {
            findings.refuse("\(number.quoted) is not a port", at: word.place)
            return nil
        }
        return Endpoint(host: parts.host, port: port)
    }

    /// A text without variables of nginx's. `${NAME}` in capitals, which nginx has none of, is for `envsubst`, as in the
    /// templates of its container.
    private func convert(_ text: String, at place: SourcePlace) -> String? {
        var isGood = true
        let converted = Self.replacing(text) { name, isBraced in
            let isForEnvsubst = isBraced && name.allSatisfy { $0.isUppercase || $0.isNumber || $0 == "_" }
            let reference = isForEnvsubst ? variables.refer(to: name) : nil
            isGood = isGood && reference != nil
            return reference
        }
        if isGood { return converted }
        findings.refuse(
            "\(Self.references(in: text).map { "$\($0)" }.listed) is filled in for each connection, and here a client never "
                + "chooses where it goes; name each destination in a map on $ssl_preread_server_name", at: place)
        return nil
    }
}

extension NginxDirective.Word {
    /// Of a Unix socket.
    fileprivate var path: String? { text.hasPrefix("unix:") ? String(text.dropFirst(5)) : nil }
}
