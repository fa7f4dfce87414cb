import TailwartConfig
import TailwartCore
import TailwartWire

/// A limit of time, and where it stands.
typealias SourceDuration = (time: Duration, position: SourcePosition)

/// A value of which there is a range, as our file writes it.
protocol Ranged: Comparable {
    var words: String { get }
}

extension Int: Ranged {
    var words: String { "\(self)" }
}

extension Duration: Ranged {
    /// Where a source has no limit: longer than any that ours takes.
    static let unlimited = Duration.seconds(1 << 36)

    var words: String { self == .unlimited ? "no limit" : configurationText }
}

/// What is read, and said, in the same words of each program's file.
extension Findings {
    /// The nearest value of a range; says so where it is another one.
    func fit<Value: Ranged>(
        _ value: Value, in range: ClosedRange<Value>, _ what: String, at position: SourcePosition
    ) -> Value {
        let nearest = min(max(value, range.lowerBound), range.upperBound)
        if nearest != value {
            let allowed = "\(range.lowerBound.words) to \(range.upperBound.words)"
            note("\(what) of \(value.words) becomes \(nearest.words); here it may be \(allowed)", at: position)
        }
        return nearest
    }

    /// A whole number in a range, nil with that refused if it is none.
    func number(_ text: String?, in range: ClosedRange<Int>, _ what: String, at position: SourcePosition) -> Int? {
        if let number = text.flatMap({ Int($0) }) { return fit(number, in: range, what, at: position) }
        return refuse("expected a whole number, not \((text ?? "").quoted)", at: position)
    }

    /// A network, nil with that refused if it is none.
    func network(_ text: String, at position: SourcePosition) -> Network? {
        if let network = variables.network(text) {
            // No client has such an address here: it would match nobody.
            guard case .v6(0, let low) = network.base, low >> 32 == 0xFFFF else { return network }
            return refuse("\(text.quoted) is IPv4 in the form of IPv6; write it as IPv4", at: position)
        }
        return refuse("\(text.quoted) is no network such as 192.0.2.0/24", at: position)
    }

    /// - Parameter limit: nil where nothing is said, which is ours.
    func connectTimeout(_ limit: SourceDuration?, _ what: String) -> Duration? {
        let timeout = limit.map { fit($0.time, in: Allowed.connect, what, at: $0.position) }
        return timeout == Timeouts.defaultConnect ? nil : timeout
    }

    /// A method of choosing among several servers.
    func policy(
        _ name: String, of known: [String: Upstream.Policy], at position: SourcePosition
    ) -> Upstream.Policy {
        if let policy = known[name] { return policy }
        refuse(
            "\(name.quoted) is not known here; ours are first, round_robin, least_connections and client_hash",
            at: position)
        return .first
    }

    /// What several servers come to, nil with that refused where none is the first to dial.
    func dial(
        _ endpoints: [Endpoint], _ policy: Upstream.Policy, name: String? = nil, at position: SourcePosition
    ) -> DraftDial? {
        let main = endpoints.filter { !$0.isBackup }
        if main.isEmpty {
            return refuse("there is no server to dial here that is not a backup; add one", at: position)
        }
        var dial = DraftDial(endpoints, name: name, position: position)
        // What is asked in time is said by the source, or nothing is.
        dial.upstream.health = nil
        if main.count > 1 { dial.upstream.policy = policy }
        return dial
    }

    /// For programs that ask for names once.
    func noteNames(_ endpoints: [Endpoint], at position: SourcePosition) {
        guard endpoints.contains(where: { $0.isName(variables) }) else { return }
        note(
            "\(program) resolves this name once, when it starts, and does not start without it; here it is followed, and may "
                + "be missing at the start", at: position)
    }
}

extension Endpoint {
    /// - Parameter host: a name or an address without brackets.
    init(host: String, port: UInt16? = nil) {
        self.init(IPAddress(host).map { .address($0) } ?? .name(host), port: port)
    }

    /// Whether it is to be resolved, as far as can be told.
    func isName(_ variables: Variables) -> Bool {
        if case .name(let name) = host { !variables.areIn(name) } else { false }
    }
}

extension BindAddress {
    /// All addresses, of both families or as far as this one goes: `0.0.0.0` or `::`.
    var isOfAll: Bool { if case .any = self { true } else { ip?.isUnspecified ?? false } }
}

extension ListenerProtocol {
    /// Mail has silences that no proxy may cut: RFC 2177 section 3 (IDLE for 29 minutes), RFC 5321 section 4.5.3.2.6 (10
    /// minutes after the final dot).
    var isMail: Bool { self != .https && self != .tcp }
}
