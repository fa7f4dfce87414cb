import TailwartCore
import TailwartWire

extension ValueType<IPAddress> {
    /// One that can be listened on.
    static var ownAddress: ValueType {
        let shape = TextShape(name: "ip_address", pattern: Pattern.address)
        return .scalar("an IP address such as 192.0.2.1 or 2001:db8::1", .text(shape)) { text throws(Complaint) in
            guard let address = IPAddress(text) else {
                throw Complaint(text.hasPrefix("[") ? "leave out the brackets" : nil)
            }
            try address.checkListenable()
            return address
        }
    }
}

extension IPAddress {
    /// What no socket of ours can be bound to on any host.
    func checkListenable() throws(Complaint) {
        if self != unmapped { throw Complaint("it is an IPv4-mapped address; write \(unmapped)") }
        if !isV4, reach == .link {
            throw Complaint("a link-local address needs an interface, which cannot be given here; choose another")
        }
        guard isUnicast || isUnspecified else {
            throw Complaint("it is not a unicast address; write one of this host's")
        }
    }
}

extension ValueType<Network> {
    static var network: ValueType {
        let shape = TextShape(name: "network", pattern: "(\(Pattern.address))(/[0-9]{1,3})?")
        return .scalar("a network such as 203.0.113.0/24 or 2001:db8::/32", .text(shape)) { text throws(Complaint) in
            if let network = Network(text) { return network }
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, let base = IPAddress(parts[0]), let prefix = ValueType<Int>.decimal(parts[1]),
                let enclosing = Network(enclosing: base, prefix: prefix)
            {
                throw Complaint("bits behind the prefix are set; write \(enclosing) or \(base)")
            }
            throw Complaint()
        }
    }
}

extension ValueType<InternetAddress> {
    static var internetAddress: ValueType {
        let shape = TextShape(
            name: "internet_address", pattern: "(\(Pattern.ipv4)|\(Pattern.ipv6InBrackets)):\(Pattern.port)")
        return .scalar("an IP address and port such as 127.0.0.1:1080", .text(shape)) { text throws(Complaint) in
            let (host, portText) = try HostAndPort.split(text)
            if host.isEmpty { throw Complaint("add the IP address, for instance 127.0.0.1\(text)") }
            guard let address = IPAddress(host) else {
                throw Complaint("a host name is not resolved here; write its IP address")
            }
            guard let portText else { throw Complaint("add the port") }
            return InternetAddress(address, port: try HostAndPort.port(portText))
        }
    }
}

extension ValueType<InnerAddress> {
    /// `tailnet:PORT`, or an address of this host with its port.
    static func innerAddress(butNotForStrangers isStrict: Bool) -> ValueType {
        let shape = TextShape(
            name: "inner_address",
            pattern: "tailnet:\(Pattern.port)|(\(Pattern.ipv4)|\(Pattern.ipv6InBrackets)):\(Pattern.port)")
        return .scalar("tailnet:PORT, or an address and port such as 127.0.0.1:8025", .text(shape)) {
            text throws(Complaint) in
            if text.hasPrefix("tailnet:") { return .tailnet(port: try HostAndPort.port(text.dropFirst(8))) }
            if text == "tailnet" { throw Complaint("add the port") }
            let (host, portText) = try HostAndPort.split(text)
            if host.isEmpty { throw Complaint("add the IP address, for instance 127.0.0.1\(text)") }
            guard let address = IPAddress(host) else {
                throw Complaint("a host name cannot be listened on; write an IP address")
            }
            guard let portText else { throw Complaint("add the port") }
            try address.checkListenable()
            guard !isStrict || !address.isForStrangers else {
                throw Complaint(
                    "it is a public address; choose one of this host alone, of the tailnet or of a private network")
            }
            return .internet(InternetAddress(address, port: try HostAndPort.port(portText)))
        }
    }
}

extension ValueType<BindAddress> {
    static var bindAddress: ValueType {
        let shape = TextShape(
            name: "bind_address",
            pattern: "(\(Pattern.ipv4)|\(Pattern.ipv6InBrackets))?:\(Pattern.port)|\(Pattern.socket)")
        return .scalar(
            "an address to listen on such as \":25\", \"192.0.2.1:25\", \"[2001:db8::1]:25\" or \"unix:/run/edge.sock\"",
            .text(shape)
        ) { text throws(Complaint) in
            if text.hasPrefix("unix:") { return .unix(path: try AbsolutePath.parse(text.dropFirst(5))) }
            if ValueType<UInt16>.parsePort(text) != nil { throw Complaint("write \":\(text)\" for all addresses") }
            if text.hasPrefix(":"), !text.hasPrefix("::") { return .any(port: try HostAndPort.port(text.dropFirst())) }
            let (host, portText) = try HostAndPort.split(text)
            guard let address = IPAddress(host) else { throw Complaint("a host name cannot be listened on") }
            guard let portText else { throw Complaint("add the port") }
            try address.checkListenable()
            return .internet(InternetAddress(address, port: try HostAndPort.port(portText)))
        }
    }
}
