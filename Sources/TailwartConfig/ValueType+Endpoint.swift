import TailwartCore
import TailwartWire

extension ValueType<Endpoint.Host> {
    /// A host without a port.
    static var host: ValueType {
        let shape = TextShape(name: "host", pattern: "\(Pattern.address)|\(Pattern.hostName)")
        return .scalar("a host name or an IP address", .text(shape)) { text throws(Complaint) in
            let endpoint = try Endpoint.parse(text)
            if case .unix = endpoint.host {
                throw Complaint("a mailbox is reached on several ports, a Unix socket has none")
            }
            guard endpoint.port == nil else {
                throw Complaint("leave out the port; 'ports: {25: 2525}' dials another one")
            }
            return endpoint.host
        }
    }
}

extension ValueType<Endpoint> {
    static var endpoint: ValueType {
        let withPort = "(\(Pattern.ipv4)|\(Pattern.ipv6InBrackets)|\(Pattern.hostName))(:\(Pattern.port))?"
        let shape = TextShape(name: "destination", pattern: "\(withPort)|\(Pattern.ipv6)|\(Pattern.socket)")
        return .scalar(
            "an endpoint such as mail.example.net, 192.0.2.1:25, \"[2001:db8::1]:25\" or \"unix:/run/mail.sock\"",
            .text(shape)
        ) { text throws(Complaint) in try Endpoint.parse(text) }
    }

    /// An endpoint as text, or with its share and its header.
    static func weighted(_ endpoint: ValueType) -> ValueType {
        endpoint.orMapping(
            .mapping("an endpoint") { reader in
                let endpoint = reader.required(
                    "address", endpoint, example: "address: mail.example.net",
                    about: "Where it is; without a port, that of the route, else the one that the client connected to.")
                let weight = reader.value(
                    "weight", .integer(Allowed.weight), or: Defaults.weight,
                    about: "Its share of the connections, with every policy but first.")
                let isBackup = reader.value(
                    "backup", .boolean, or: false, about: "Whether it is used only when all others cannot be reached.")
                let proxyProtocol = reader.value(
                    "proxy_protocol", .proxyProtocol,
                    about: "The PROXY header that it expects, where that is another than its upstream's.")
                guard var endpoint else { return nil }
                endpoint.weight = weight
                endpoint.isBackup = isBackup
                endpoint.proxyProtocol = proxyProtocol
                return endpoint
            })
    }
}

extension ValueType<[Endpoint]> {
    static func endpoints(_ endpoint: ValueType<Endpoint>) -> ValueType {
        .list(of: .weighted(endpoint), "a list of endpoints such as [mail.example.net]")
    }
}

extension Endpoint {
    static func parse(_ text: String) throws(Complaint) -> Endpoint {
        if text.hasPrefix("unix:") {
            return Endpoint(.unix(path: try AbsolutePath.parse(text.dropFirst(5))))
        }
        if text.contains("://") { throw Complaint(Hint.hostName(text)) }
        let (hostText, portText) = try HostAndPort.split(text)
        let port: UInt16? = if let portText { try HostAndPort.port(portText) } else { nil }
        if let address = IPAddress(hostText) { return Endpoint(.address(address), port: port) }
        guard !hostText.contains("*") else { throw Complaint("a wildcard cannot be dialled") }
        guard ServerNamePattern(hostText) != nil else { throw Complaint(Hint.hostName(text)) }
        return Endpoint(.name(String(hostText)), port: port)
    }
}
