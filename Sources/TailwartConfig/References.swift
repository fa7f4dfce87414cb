package import TailwartCore
package import TailwartWire

/// Variables of the environment that a configuration's values come from, so that it can be written with them: each value that is not
/// known is one that stands for it and for nothing else, and ``ConfigurationWriter`` writes `${NAME}` in its place.
package struct References: Sendable {
    /// Ports that the configuration has as they are: none of these stands for a variable.
    package var literalPorts: Set<UInt16> = []
    private var names = StandIns<String>()
    private var ports = StandIns<UInt16>()
    private var nextPort = UInt16.max
    private var addresses = StandIns<IPAddress>()
    private var headers = StandIns<ProxyProtocolOut>()

    package init() {}

    /// Part of a name, a path or any other text.
    ///
    /// - Parameter reference: as the file has it: `${NAME}` or `${NAME:-default}`.
    package mutating func name(_ reference: String) -> String {
        // RFC 2606 section 2: nobody has such a name.
        names.take(reference) { "\(Self.mark)\($0 + 1).invalid" }
    }

    /// - Parameter text: holds names of ``name(_:)``.
    package mutating func port(_ text: String) -> UInt16 {
        var candidate = nextPort
        let literal = literalPorts
        let port = ports.take(written(text)) { _ in
            while candidate > 1, literal.contains(candidate) { candidate -= 1 }
            defer { candidate = max(1, candidate - 1) }
            return candidate
        }
        nextPort = candidate
        return port
    }

    /// An address or a network, of addresses that nobody has: 240.0.0.0/4 (RFC 1112 section 4), 100::/64 (RFC 6666).
    package mutating func address(_ text: String, isV6: Bool = false) -> IPAddress {
        addresses.take(written(text)) { isV6 ? .v6(0x100 << 48, UInt64($0 + 1)) : .v4(0xF000_0001 + UInt32($0)) }
    }

    /// A header that no file can ask for. There are 240 of them, and whoever wants more gets the last.
    package mutating func header(_ text: String) -> ProxyProtocolOut {
        headers.take(written(text)) { ProxyProtocolOut(.none, tlvs: .init(rawValue: UInt8(clamping: 16 + $0))) }
    }

    /// Whether it may stand for a variable, of whatever references: a name as ``name(_:)`` gives them.
    package static func mayStandIn(_ name: String) -> Bool { name.contains(".invalid") }

    /// The same of addresses, as ``address(_:isV6:)`` gives them.
    package static func mayStandIn(_ network: Network) -> Bool {
        [Network("240.0.0.0/4"), Network("100::/64")].contains { $0?.contains(network.base) == true }
    }

    /// Whether a name of ``name(_:)`` is in it.
    package func isIn(_ text: some StringProtocol) -> Bool { !names.isEmpty && text.contains(Self.mark) }

    package func isUnknown(_ port: UInt16) -> Bool { ports[port] != nil }

    package func isUnknown(_ address: IPAddress) -> Bool { addresses[address] != nil }

    /// A text with references for the names that stand for them.
    ///
    /// - Parameter escaped: whether a dollar sign of its own is doubled, as the file needs it.
    package func written(_ text: String, escaped: Bool = true) -> String {
        let parts = (escaped ? text.replacing("$", with: "$$") : text).split(
            separator: Self.mark, omittingEmptySubsequences: false)
        return parts.dropFirst().reduce(into: String(parts[0])) { result, part in
            let name = Self.mark + part.prefix(while: \.isNumber) + ".invalid"
            guard let reference = names[name], (Self.mark + part).hasPrefix(name) else {
                return result += Self.mark + part
            }
            result += reference + (Self.mark + part).dropFirst(name.count)
        }
    }

    /// As an address to listen on.
    package func written(_ bind: BindAddress) -> String {
        switch bind {
        case .any(let port): ":\(written(port))"
        case .internet(let address): written(address)
        case .unix: written("\(bind)")
        }
    }

    func written(_ port: UInt16) -> String { ports[port] ?? "\(port)" }

    func written(_ address: IPAddress) -> String { addresses[address] ?? "\(address)" }

    func written(_ network: Network) -> String { addresses[network.base] ?? "\(network)" }

    func written(_ header: ProxyProtocolOut) -> String? { headers[header] }

    /// With the port behind it.
    func written(_ address: InternetAddress) -> String {
        let ip = written(address.ip)
        return "\(address.ip.isV4 ? ip : "[\(ip)]"):\(written(address.port))"
    }

    private static let mark = "variable-"
}

/// Values of one type, each for a text.
private struct StandIns<Value: Hashable & Sendable>: Sendable {
    private var texts: [Value: String] = [:]
    private var values: [String: Value] = [:]

    var isEmpty: Bool { texts.isEmpty }

    subscript(value: Value) -> String? { texts[value] }

    /// - Parameter make: gives a value of its own for each number from 0.
    mutating func take(_ text: String, make: (Int) -> Value) -> Value {
        if let known = values[text] { return known }
        let value = make(values.count)
        texts[value] = text
        values[text] = value
        return value
    }
}
