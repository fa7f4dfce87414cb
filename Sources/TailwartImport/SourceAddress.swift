import TailwartConfig
import TailwartCore
import TailwartWire

/// An address as a program's file has it, with its family taken apart.
struct SourceAddress {
    enum Family { case any, v4, v6, unix }

    /// As it stands in the file.
    let raw: String
    var family = Family.any
    /// A host and a port, or a path.
    var text: String
    let position: SourcePosition
}

/// One address of a listener, and whether a PROXY header is expected of who comes there.
struct SourceBind {
    let address: BindAddress
    let expectsHeader: Bool
    let position: SourcePosition
}

extension Findings {
    /// An address with the name of its family before a mark, as in `tcp4/…` and `ipv4@…`; nil with that refused if it is none of
    /// ours.
    ///
    /// - Parameter raw: as it stands in the file.
    func address(_ text: String, raw: String, familyBefore mark: Character, at position: SourcePosition)
        -> SourceAddress?
    {
        var address = SourceAddress(raw: raw, text: text, position: position)
        let parts = text.split(separator: mark, maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !variables.areIn(parts[0]) else { return address }
        address.text = parts[1]
        switch parts[0].lowercased() {
        case "", "tcp": break
        case "tcp4", "ipv4": address.family = .v4
        case "tcp6", "ipv6": address.family = .v6
        case "unix": address.family = .unix
        case let other:
            let isDatagram = ["udp", "quic", "ip"].contains(where: other.hasPrefix) || other == "unixgram"
            return refuse(raw, isDatagram ? .datagrams : .network, at: position)
        }
        return address
    }

    /// Addresses to listen on, none with that refused if it cannot be listened on.
    ///
    /// - Parameters:
    ///   - start: where they are said to be; nil: where the address stands.
    ///   - host: what a host stands for: empty for all addresses of both families.
    func binds(
        _ address: SourceAddress, expectsHeader: Bool = false, at start: SourcePosition? = nil,
        host: (String) -> String
    ) -> [SourceBind] {
        let position = address.position
        func bind(_ address: BindAddress) -> SourceBind {
            SourceBind(address: address, expectsHeader: expectsHeader, position: start ?? position)
        }
        if address.family == .unix { return path(of: address).map { [bind(.unix(path: $0))] } ?? [] }
        guard let parts = try? HostAndPortText(address.text), let port = parts.port, !port.isEmpty, port != "0" else {
            refuse("\(address.raw.quoted) names no port to listen on; add one, for instance \":25\"", at: position)
            return []
        }
        let text = host(parts.host == "*" ? "" : parts.host)
        let ip = variables.address(
            text == "localhost" ? (address.family == .v6 ? "::1" : "127.0.0.1") : text, isV6: parts.isBracketed)
        guard ip != nil || text.isEmpty else {
            refuse("the name \(text.quoted) cannot be listened on; write its address", at: position)
            return []
        }
        guard let range = variables.ports(port), range.count <= Allowed.bindAddresses.upperBound else {
            refuse(
                "\(port.quoted) is neither a port nor a range of at most \(Allowed.bindAddresses.upperBound)",
                at: position)
            return []
        }
        return range.map { port in bind(ip.map { .internet(InternetAddress($0, port: port)) } ?? .any(port: port)) }
    }

    /// An address to dial, nil with that refused if it is none.
    ///
    /// - Parameter needsPort: else the client's port is dialled where none is named.
    func endpoint(_ address: SourceAddress, needsPort: Bool = true) -> Endpoint? {
        let position = address.position
        if address.family == .unix { return path(of: address).map { Endpoint(.unix(path: $0)) } }
        guard let parts = try? HostAndPortText(address.text), !parts.host.isEmpty else {
            return refuse("\(address.raw.quoted) is no address such as mail.example.net:25", at: position)
        }
        guard let text = parts.port, !text.isEmpty || needsPort else {
            if !needsPort { return Endpoint(host: parts.host) }
            // A variable may hold the port too.
            if variables.areIn(address.text), address.raw.hasSuffix("}") {
                variables.specify(address.text, "name.invalid:1")
                return Endpoint(host: address.text)
            }
            return refuse("\(address.raw.quoted) names no port to dial; add one", at: position)
        }
        if let port = variables.port(text) { return Endpoint(host: parts.host, port: port) }
        return refuse("\(text.quoted) is not a port; write the one port to dial", at: position)
    }

    private func path(of address: SourceAddress) -> String? {
        let isPath = address.text.hasPrefix("/") || variables.areIn(address.text)
        if isPath, !address.text.contains("|") { return address.text }
        return refuse(
            "a Unix socket needs an absolute path alone here, not \(address.text.quoted)", at: address.position)
    }

    /// `0.0.0.0` alone is easily taken for all addresses: said of ports that IPv6 does not have.
    func noteFamilies(_ binds: [SourceBind]) {
        for bind in binds where bind.address.ip == .anyV4 {
            guard let port = bind.address.port, !variables.references.isUnknown(port),
                !binds.contains(where: { $0.address.port == port && $0.address.isOfAll && $0.address.ip != .anyV4 })
            else { continue }
            note(
                "in \(program) this is IPv4 alone; imported as it is: \":PORT\" in place of \"0.0.0.0:PORT\" would be both "
                    + "families", at: bind.position)
        }
    }

    /// Whether clients of a listener must send a PROXY header, and where that is said.
    func expectsHeader(_ binds: [SourceBind]) -> SourcePosition? { binds.first(where: \.expectsHeader)?.position }
}
