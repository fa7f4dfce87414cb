import TailwartCore
import TailwartWire

extension CaddyReader {
    private static let tcpNetworks = ["tcp", "tcp4", "tcp6"]

    /// What one member of `listen` stands for: several addresses for a range of ports.
    mutating func binds(_ element: JSONElement) -> [DraftBind] {
        guard let (raw, network, address) = address(element) else { return [] }
        if network == "unix" {
            guard let path = unixPath(address, element) else { return [] }
            return [DraftBind(host: path, port: "", isUnix: true)]
        }
        guard let parts = try? HostAndPortText(address), let port = parts.port, !port.isEmpty, port != "0" else {
            refuse(element, "\(raw.quoted) names no port to listen on; add one, for instance \":25\"")
            return []
        }
        guard let host = convert(parts.host, as: parts.isBracketed ? .listenHostV6 : .listenHost, element),
            let hosts = listenHosts(host, network: network, element)
        else { return [] }
        if port.contains("{") {
            guard let port = convert(port, as: .port, element) else { return [] }
            return hosts.map { DraftBind(host: $0, port: port) }
        }
        guard let ports = PortText.range(port) else {
            refuse(element, "\(port.quoted) is neither a port nor a range such as 8000-8010")
            return []
        }
        guard ports.count * hosts.count <= Allowed.bindAddresses.upperBound else {
            refuse(
                element,
                "\(ports.count) ports, and at most \(Allowed.bindAddresses.upperBound) addresses can be listened on; name fewer"
            )
            return []
        }
        return ports.flatMap { port in hosts.map { DraftBind(host: $0, port: "\(port)") } }
    }

    /// Go listens on both families for `0.0.0.0` and `::` unless the network says otherwise.
    private func listenHosts(_ host: String, network: String, _ element: JSONElement) -> [String]? {
        let isAny = host.isEmpty || host == "0.0.0.0" || host == "::"
        switch network {
        case "tcp4" where isAny: return ["0.0.0.0"]
        case "tcp6" where isAny: return ["::"]
        case _ where isAny: return [""]
        default: break
        }
        if host == "localhost" { return network == "tcp6" ? ["::1"] : ["127.0.0.1"] }
        guard host.contains("$") || IPAddressText.parse(host) != nil else {
            refuse(element, "the name \(host.quoted) cannot be listened on; write its address")
            return nil
        }
        return [host]
    }

    /// One address of `dial`.
    mutating func endpoint(_ element: JSONElement) -> DraftUpstream.Endpoint? {
        guard let (raw, network, address) = address(element) else { return nil }
        if network == "unix" {
            return unixPath(address, element).map { DraftUpstream.Endpoint(host: $0, isUnix: true) }
        }
        guard let parts = try? HostAndPortText(address) else {
            refuse(element, "\(raw.quoted) is no address such as mail.example.net:25")
            return nil
        }
        guard let port = parts.port else {
            // A variable may hold the port too.
            if address.hasSuffix("}"), let host = convert(address, as: .hostAndPort, element) {
                return DraftUpstream.Endpoint(host: host)
            }
            refuse(element, "\(raw.quoted) names no port to dial; add one")
            return nil
        }
        guard let host = convert(parts.host, as: .host, element), let converted = convert(port, as: .port, element)
        else {
            return nil
        }
        guard PortText.isGood(converted) else {
            let isRange = PortText.range(port) != nil
            refuse(
                element, "\(port.quoted) is not a port\(isRange ? ": caddy-l4 dials no ranges, and neither do we" : "")"
            )
            return nil
        }
        // Nothing before the port is this host.
        return DraftUpstream.Endpoint(host: host.isEmpty ? "127.0.0.1" : host, port: converted)
    }

    /// `tcp4/…` and the like; TCP where nothing is said.
    private func address(_ element: JSONElement) -> (text: String, network: String, address: String)? {
        guard let text = element.text else {
            refuse(element, "an address should stand here, not \(element.value.found)")
            return nil
        }
        guard let slash = text.firstIndex(of: "/"), !text[..<slash].contains("{") else { return (text, "tcp", text) }
        let network = text[..<slash].lowercased()
        let address = String(text[text.index(after: slash)...])
        if network == "unix" || Self.tcpNetworks.contains(network) { return (text, network, address) }
        let reason = network.hasPrefix("udp") ? "UDP is not carried" : "the network \(network.quoted) is not carried"
        refuse(element, "\(text.quoted): \(reason), only TCP and Unix stream sockets are; keep this with Caddy")
        return nil
    }

    private mutating func unixPath(_ text: String, _ element: JSONElement) -> String? {
        let parts = text.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 {
            note(
                element,
                "the mode \(String(parts[1]).quoted) of the socket is left out; the folder's permissions say who may use it"
            )
        }
        let path = String(parts[0])
        guard path.hasPrefix("/") else {
            refuse(element, "a Unix socket needs an absolute path here, not \(path.quoted)")
            return nil
        }
        return convert(path, as: .host, element)
    }

    private mutating func convert(_ text: String, as use: Variables.Use, _ element: JSONElement) -> String? {
        do throws(CaddyText.Problem) {
            return try CaddyText.convert(text, as: use, &variables)
        } catch {
            refuse(element, error.message)
            return nil
        }
    }
}
