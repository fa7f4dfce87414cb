import TailwartCore
import TailwartWire

extension CaddyReader {
    private static let tcpNetworks = ["tcp", "tcp4", "tcp6"]

    /// What one member of `listen` stands for: several addresses for a range of ports.
    func binds(_ element: JSONElement) -> [BindAddress] {
        guard let (raw, network, address) = address(element) else { return [] }
        if network == "unix" { return unixPath(address, element).map { [.unix(path: $0)] } ?? [] }
        guard let parts = try? HostAndPortText(address), let port = parts.port, !port.isEmpty, port != "0" else {
            refuse(element, "\(raw.quoted) names no port to listen on; add one, for instance \":25\"")
            return []
        }
        // Go listens on both families for `0.0.0.0` and `::` unless the network says otherwise.
        let isAny = ["", "0.0.0.0", "::"].contains(parts.host)
        let host =
            switch network {
            case "tcp4" where isAny: "0.0.0.0"
            case "tcp6" where isAny: "::"
            case "tcp6" where parts.host == "localhost": "::1"
            default: isAny ? "" : parts.host
            }
        return findings.binds(host, isV6: parts.isBracketed, ports: port, at: element.place)
    }

    /// One address of `dial`.
    func endpoint(_ element: JSONElement) -> Endpoint? {
        guard let (raw, network, address) = address(element) else { return nil }
        if network == "unix" { return unixPath(address, element).map { Endpoint(path: $0) } }
        guard let parts = try? HostAndPortText(address) else {
            refuse(element, "\(raw.quoted) is no address such as mail.example.net:25")
            return nil
        }
        guard let text = parts.port else {
            // A variable may hold the port too.
            if raw.hasSuffix("}"), variables.areIn(address) {
                variables.specify(address, "name.invalid:1")
                return Endpoint(host: address)
            }
            refuse(element, "\(raw.quoted) names no port to dial; add one")
            return nil
        }
        guard let port = variables.port(text) else {
            let isRange = variables.ports(text) != nil
            refuse(
                element, "\(text.quoted) is not a port\(isRange ? ": caddy-l4 dials no ranges, and neither do we" : "")"
            )
            return nil
        }
        // Nothing before the port is this host.
        return Endpoint(host: parts.host.isEmpty ? "127.0.0.1" : parts.host, port: port)
    }

    /// `tcp4/…` and the like; TCP where nothing is said.
    private func address(_ element: JSONElement) -> (raw: String, network: String, address: String)? {
        guard let raw = element.text else {
            refuse(element, "an address should stand here, not \(element.value.found)")
            return nil
        }
        guard let text = text(element) else { return nil }
        guard let slash = text.firstIndex(of: "/"), !variables.areIn(text[..<slash]) else { return (raw, "tcp", text) }
        let network = text[..<slash].lowercased()
        let address = String(text[text.index(after: slash)...])
        if network == "unix" || Self.tcpNetworks.contains(network) { return (raw, network, address) }
        let reason = network.hasPrefix("udp") ? "UDP is not carried" : "the network \(network.quoted) is not carried"
        refuse(element, "\(raw.quoted): \(reason), only TCP and Unix stream sockets are; keep this with Caddy")
        return nil
    }

    private func unixPath(_ text: String, _ element: JSONElement) -> String? {
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
        return path
    }
}
