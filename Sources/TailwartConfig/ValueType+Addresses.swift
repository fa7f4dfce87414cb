import TailwartCore
import TailwartWire

/// What is probably wrong with a text that should have been a name or an address.
enum Hint {
    static func hostName(_ text: String) -> String {
        if !text.allSatisfy(\.isASCII) { return "write an internationalised name in its xn-- form" }
        if IPAddress(text) != nil { return "an IP address is no name" }
        if text.contains("://") { return "write the name alone, without a scheme" }
        return "a host name has labels of 1 to 63 letters, digits, '-' or '_', 253 bytes in all"
    }
}

extension ValueType<IPAddress> {
    static var address: ValueType {
        .scalar("an IP address such as 192.0.2.1 or 2001:db8::1") { text throws(Complaint) in
            guard let address = IPAddress(text) else {
                throw Complaint(text.hasPrefix("[") ? "leave out the brackets" : nil)
            }
            return address
        }
    }
}

extension ValueType<Network> {
    static var network: ValueType {
        .scalar("a network such as 203.0.113.0/24 or 2001:db8::/32") {
            text throws(Complaint) in
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

extension Network {
    /// The network of a prefix that an address lies in; nil if the prefix is out of range.
    fileprivate init?(enclosing address: IPAddress, prefix: Int) {
        guard prefix >= 0 else { return nil }
        switch address {
        case .v4(let bits):
            guard prefix <= 32 else { return nil }
            self.init(.v4(prefix == 0 ? 0 : bits & (.max << UInt32(32 - prefix))), prefix: prefix)
        case .v6(let high, let low):
            guard prefix <= 128 else { return nil }
            let highMask = prefix == 0 ? 0 : UInt64.max << UInt64(max(0, 64 - prefix))
            let lowMask = prefix <= 64 ? 0 : UInt64.max << UInt64(128 - prefix)
            self.init(.v6(high & highMask, low & lowMask), prefix: prefix)
        }
    }
}

extension ValueType<InternetAddress> {
    static var internetAddress: ValueType {
        .scalar("an IP address and port such as 127.0.0.1:1080") {
            text throws(Complaint) in
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

extension ValueType<BindAddress> {
    static var bindAddress: ValueType {
        .scalar(
            "an address to listen on such as \":25\", \"192.0.2.1:25\", \"[2001:db8::1]:25\" or \"unix:/run/edge.sock\""
        ) { text throws(Complaint) in
            if text.hasPrefix("unix:") { return .unix(path: try UnixPath.parse(text.dropFirst(5))) }
            if ValueType<UInt16>.parsePort(text) != nil { throw Complaint("write \":\(text)\" for all addresses") }
            if text.hasPrefix(":"), !text.hasPrefix("::") { return .any(port: try HostAndPort.port(text.dropFirst())) }
            let (host, portText) = try HostAndPort.split(text)
            guard let address = IPAddress(host) else { throw Complaint("a host name cannot be listened on") }
            guard let portText else { throw Complaint("add the port") }
            return .internet(InternetAddress(address, port: try HostAndPort.port(portText)))
        }
    }
}

extension ValueType<String> {
    static var unixPath: ValueType {
        .scalar("the absolute path of a Unix socket") { text throws(Complaint) in
            try UnixPath.parse(text)
        }
    }
}

extension ValueType<ServerNamePattern> {
    static var serverName: ValueType {
        .scalar("a server name such as mail.example.org or \"*.example.org\"") {
            text throws(Complaint) in
            if let pattern = ServerNamePattern(text) { return pattern }
            guard text.contains("*") else { throw Complaint(Hint.hostName(text)) }
            throw Complaint("'*.' stands for exactly one label, at the beginning; nothing else may be a wildcard")
        }
    }
}

extension ValueType<EndpointConfiguration.Host> {
    /// A host without a port.
    static var host: ValueType {
        .scalar("a host name or an IP address") { text throws(Complaint) in
            let endpoint = try EndpointConfiguration.parse(text)
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

extension ValueType<EndpointConfiguration> {
    static var endpoint: ValueType {
        .scalar(
            "an endpoint such as mail.example.net, 192.0.2.1:25, \"[2001:db8::1]:25\" or \"unix:/run/mail.sock\""
        ) { text throws(Complaint) in
            try EndpointConfiguration.parse(text)
        }
    }
}

extension EndpointConfiguration {
    static func parse(_ text: String) throws(Complaint) -> EndpointConfiguration {
        if text.hasPrefix("unix:") { return EndpointConfiguration(.unix(path: try UnixPath.parse(text.dropFirst(5)))) }
        if text.contains("://") { throw Complaint(Hint.hostName(text)) }
        let (hostText, portText) = try HostAndPort.split(text)
        let port: UInt16? = if let portText { try HostAndPort.port(portText) } else { nil }
        if let address = IPAddress(hostText) { return EndpointConfiguration(.address(address), port: port) }
        guard !hostText.contains("*") else { throw Complaint("a wildcard cannot be dialled") }
        guard ServerNamePattern(hostText) != nil else { throw Complaint(Hint.hostName(text)) }
        return EndpointConfiguration(.name(String(hostText)), port: port)
    }
}

/// Takes `host`, `host:port`, `[address]:port` and a bare IPv6 address apart.
private enum HostAndPort {
    static func split(_ text: String) throws(Complaint) -> (host: Substring, port: Substring?) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw Complaint("a bracket is not closed") }
            let host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard case .v6 = IPAddress(host) else { throw Complaint("only an IPv6 address stands in brackets") }
            if rest.isEmpty { return (host, nil) }
            guard rest.hasPrefix(":") else { throw Complaint("after the brackets follows a colon and the port") }
            return (host, rest.dropFirst())
        }
        if IPAddress(text) != nil { return (text[...], nil) }
        guard let colon = text.lastIndex(of: ":") else { return (text[...], nil) }
        let host = text[..<colon]
        guard !host.contains(":") else {
            throw Complaint("an IPv6 address with a port stands in brackets: \"[2001:db8::1]:25\"")
        }
        return (host, text[text.index(after: colon)...])
    }

    static func port(_ text: Substring) throws(Complaint) -> UInt16 {
        guard let port = ValueType<UInt16>.parsePort(text) else { throw Complaint("the port must be from 1 to 65535") }
        return port
    }
}

private enum UnixPath {
    static func parse(_ text: some StringProtocol) throws(Complaint) -> String {
        guard text.hasPrefix("/") else { throw Complaint("the path must begin with /") }
        guard Allowed.unixPathBytes.contains(text.utf8.count) else {
            throw Complaint("the path must have at most \(Allowed.unixPathBytes.upperBound) bytes")
        }
        guard !text.utf8.contains(0) else { throw Complaint("the path contains a zero byte") }
        return String(text)
    }
}
