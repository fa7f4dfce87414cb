import TailwartCore
import TailwartWire

/// A value of which there is a range, as our file writes it.
protocol Ranged: Comparable {
    var words: String { get }
}

extension Int: Ranged {
    var words: String { "\(self)" }
}

extension Duration: Ranged {
    var words: String { configurationText }
}

extension Ranged {
    /// The nearest value of a range; says so where it is another one.
    func within(_ range: ClosedRange<Self>, _ what: String, at place: SourcePlace, _ findings: Findings) -> Self {
        let nearest = min(max(self, range.lowerBound), range.upperBound)
        if nearest != self {
            let allowed = "\(range.lowerBound.words) to \(range.upperBound.words)"
            findings.note("\(what) of \(words) becomes \(nearest.words); here it may be \(allowed)", at: place)
        }
        return nearest
    }
}

/// What is read, and said, in the same words of each program's file.
extension Findings {
    /// A network, nil with that refused if it is none.
    func network(_ text: String, at place: SourcePlace) -> Network? {
        if let network = variables.network(text) { return network }
        refuse("\(text.quoted) is no network such as 192.0.2.0/24", at: place)
        return nil
    }

    /// Addresses to listen on, none with that refused if it cannot be listened on.
    ///
    /// - Parameters:
    ///   - host: empty for all addresses of both families.
    ///   - isV6: whether it stands in brackets.
    ///   - ports: one or a range.
    func binds(_ host: String, isV6: Bool, ports: String, at place: SourcePlace) -> [BindAddress] {
        let address = variables.address(host == "localhost" ? "\(IPAddress.loopbackV4)" : host, isV6: isV6)
        if address == nil, !host.isEmpty {
            refuse("the name \(host.quoted) cannot be listened on; write its address", at: place)
            return []
        }
        guard let range = variables.ports(ports), range.count <= Allowed.bindAddresses.upperBound else {
            refuse(
                "\(ports.quoted) is neither a port nor a range of at most \(Allowed.bindAddresses.upperBound)",
                at: place)
            return []
        }
        return range.map { port in
            address.map { .internet(InternetAddress($0, port: port)) } ?? .any(port: port)
        }
    }

    /// Nobody is named who may send a PROXY header.
    func trustAnybody(at place: SourcePlace) -> [Network] {
        note(
            "any client may send a PROXY header here and claim to be anybody; imported as it is: put the addresses of the "
                + "proxy in front under 'trusted'", at: place)
        return [Network(enclosing: .anyV4, prefix: 0), Network(enclosing: .anyV6, prefix: 0)].compactMap(\.self)
    }

    /// The address to dial from. On a tailnet the kernel chooses no other.
    ///
    /// - Parameters:
    ///   - key: what it is called.
    ///   - reason: why any other is refused.
    func checkSource(_ address: String?, _ key: String, at place: SourcePlace, else reason: String) {
        if address.flatMap({ IPAddress($0) })?.isOfTailnet == true {
            note(
                "'\(key)' is left out: the kernel dials over the tailnet from this host's tailnet address anyway",
                at: place)
        } else {
            refuse(reason, at: place)
        }
    }

    /// An address of IPv4 alone, which is easily taken for all.
    func noteFamily(in program: String, at place: SourcePlace) {
        note(
            "in \(program) this is IPv4 alone; imported as it is: \":PORT\" in place of \"0.0.0.0:PORT\" would be both families",
            at: place)
    }
}

extension Endpoint {
    /// - Parameter host: a name or an address without brackets.
    init(host: String, port: UInt16? = nil) {
        self.init(IPAddress(host).map { .address($0) } ?? .name(host), port: port)
    }

    /// - Parameter path: may hold variables.
    init(path: String) { self.init(.unix(path: path)) }

    var isUnix: Bool { if case .unix = host { true } else { false } }

    /// Whether it is to be resolved, as far as can be told.
    func isName(_ variables: Variables) -> Bool {
        if case .name(let name) = host { !variables.areIn(name) } else { false }
    }
}

extension BindAddress {
    var wellKnownProtocol: ListenerProtocol? { port.flatMap { ListenerProtocol(wellKnownPort: $0) } }

    var ip: IPAddress? { if case .internet(let address) = self { address.ip } else { nil } }

    /// All addresses, of both families or as far as this one goes: `0.0.0.0` or `::`.
    var isOfAll: Bool { if case .any = self { true } else { ip?.isUnspecified ?? false } }
}

extension ListenerProtocol {
    /// Mail has silences that no proxy may cut: RFC 2177 section 3 (IDLE for 29 minutes), RFC 5321 section 4.5.3.2.6 (10
    /// minutes after the final dot).
    var isMail: Bool { self != .https && self != .tcp }
}
