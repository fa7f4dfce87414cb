import TailwartCore
import TailwartWire

extension NginxReader {
    /// Words behind the address of `listen` that say nothing of what is accepted.
    private static let tuning = [
        "reuseport", "bind", "deferred", "multipath", "default_server", "backlog", "rcvbuf", "sndbuf", "so_keepalive",
        "fastopen", "setfib", "accept_filter",
    ]

    /// What one `listen` stands for: several addresses for a range of ports.
    mutating func binds(_ listen: NginxDirective) -> [DraftBind] {
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
        if address.text.hasPrefix("unix:") {
            return [DraftBind(host: String(address.text.dropFirst(5)).escapedForOurs, port: "", isUnix: true)]
        }
        return internetBinds(address, isV6Only: isV6Only)
    }

    private mutating func internetBinds(_ address: NginxDirective.Word, isV6Only: Bool) -> [DraftBind] {
        var text = address.text
        // A port alone is all IPv4 addresses.
        if PortText.range(text) != nil || text.hasPrefix("${") && !text.contains(":") { text = "0.0.0.0:\(text)" }
        guard let parts = try? HostAndPortText(text), let port = parts.port else {
            findings.refuse("\(address.text.quoted) names no port to listen on; add one", at: address.place)
            return []
        }
        guard let host = convert(parts.host, as: parts.isBracketed ? .listenHostV6 : .listenHost, at: address.place)
        else { return [] }
        var listenHost = host
        switch host {
        case "*", "": listenHost = "0.0.0.0"
        case "::" where !isV6Only: listenHost = ""
        case "localhost": listenHost = "127.0.0.1"
        default:
            guard host.contains("$") || IPAddressText.parse(host) != nil else {
                findings.refuse("the name \(host.quoted) cannot be listened on; write its address", at: address.place)
                return []
            }
        }
        if port.contains("$") {
            return convert(port, as: .port, at: address.place).map { [DraftBind(host: listenHost, port: $0)] } ?? []
        }
        guard let ports = PortText.range(port), ports.count <= Allowed.bindAddresses.upperBound else {
            findings.refuse(
                "\(port.quoted) is neither a port nor a range of at most \(Allowed.bindAddresses.upperBound)",
                at: address.place)
            return []
        }
        return ports.map { DraftBind(host: listenHost, port: "\($0)") }
    }

    /// An address to pass connections to.
    mutating func endpoint(_ word: NginxDirective.Word, portRequired: Bool) -> DraftUpstream.Endpoint? {
        if word.text.hasPrefix("unix:") {
            return DraftUpstream.Endpoint(host: String(word.text.dropFirst(5)).escapedForOurs, isUnix: true)
        }
        guard let parts = try? HostAndPortText(word.text) else {
            findings.refuse("\(word.text.quoted) is no address such as mail.example.net:25", at: word.place)
            return nil
        }
        guard let host = convert(parts.host, as: .host, at: word.place) else { return nil }
        guard let port = parts.port else {
            findings.refuse(
                "\(word.text.quoted) is neither an 'upstream' of this file nor an address with a port", at: word.place)
            return nil
        }
        guard let converted = convert(port, as: .port, at: word.place), PortText.isGood(converted) else {
            if !port.contains("$") { findings.refuse("\(port.quoted) is not a port", at: word.place) }
            return nil
        }
        return DraftUpstream.Endpoint(host: host, port: converted)
    }

    /// A text without variables of nginx's. `${NAME}` in capitals, which nginx has none of, is for `envsubst`, as in the
    /// templates of its container.
    private mutating func convert(_ text: String, as use: Variables.Use, at place: SourcePlace) -> String? {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            let name = rest.dropFirst().prefix { $0 != "}" }
            let isForEnvsubst =
                rest.hasPrefix("{") && rest.contains("}")
                && name.allSatisfy { $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_") }
            guard isForEnvsubst, let reference = variables.refer(to: String(name), as: use) else {
                let names = Self.references(in: text).map { "$\($0)" }.listed
                findings.refuse(
                    "\(names) is filled in for each connection, and here a client never chooses where it goes; name each "
                        + "destination in a map on $ssl_preread_server_name", at: place)
                return nil
            }
            result += reference
            rest = rest.dropFirst(name.count + 2)
        }
        return result + rest
    }
}
