import TailwartCore
import TailwartWire

/// An `upstream` block: read only when something is passed to it.
struct NginxUpstream {
    let name: String
    let place: SourcePlace
    let directives: [NginxDirective]
}

extension NginxReader {
    func dial(_ upstream: NginxUpstream) -> DraftDial? {
        var endpoints: [Endpoint] = []
        var policy = Upstream.Policy.roundRobin
        for directive in upstream.directives {
            switch directive.name.text {
            case "server":
                if let endpoint = endpoint(directive) { endpoints.append(endpoint) }
            case "least_conn": policy = .leastConnections
            case "random": policy = directive.texts.contains("least_conn") ? .leastConnections : .roundRobin
            case "hash":
                guard ["$remote_addr", "$binary_remote_addr"].contains(directive.texts.first ?? "") else {
                    findings.refuse(
                        "only the client's address can be hashed here; write 'hash $remote_addr' or another method",
                        at: directive.place)
                    continue
                }
                policy = .clientHash
            case "zone", "resolver", "resolver_timeout", "state", "keepalive": break
            default:
                findings.refuse(
                    "\(directive.name.text.quoted) has no counterpart here; ours are round_robin, least_connections, "
                        + "client_hash and first", at: directive.place)
            }
        }
        guard endpoints.contains(where: { !$0.isBackup }) else {
            findings.refuse(
                "the upstream \(upstream.name.quoted) has no server that is not a backup or down", at: upstream.place)
            return nil
        }
        noteNames(endpoints, at: upstream.place)
        var dial = DraftDial(endpoints, name: upstream.name, place: upstream.place)
        if endpoints.filter({ !$0.isBackup }).count > 1 { dial.upstream.policy = policy }
        return dial
    }

    /// nginx asks for names when it starts, and never again.
    func noteNames(_ endpoints: [Endpoint], at place: SourcePlace) {
        guard endpoints.contains(where: { $0.isName(variables) }) else { return }
        findings.note(
            "nginx resolves this name once, when it starts, and does not start without it; here it is followed, and may be "
                + "missing at the start", at: place)
    }

    private func endpoint(_ directive: NginxDirective) -> Endpoint? {
        guard let address = directive.words.first, var endpoint = endpoint(address) else {
            return nil
        }
        for word in directive.words.dropFirst() {
            let parts = word.text.split(separator: "=", maxSplits: 1).map(String.init)
            switch parts.first {
            case "weight":
                guard let weight = parts.last.flatMap({ Int($0) }), weight > 0 else {
                    findings.refuse("\(word.text.quoted) is no weight", at: word.place)
                    continue
                }
                endpoint.weight = weight.within(Allowed.weight, "a weight", at: word.place, findings)
            case "backup": endpoint.isBackup = true
            case "down":
                findings.note("\(address.text.quoted) is marked as down; left out", at: word.place)
                return nil
            case "max_fails", "fail_timeout", "slow_start", "resolve":
                break
            case "max_conns":
                findings.note("'max_conns' is left out: each listener counts here ('max_connections')", at: word.place)
            default:
                findings.refuse("\(word.text.quoted) has no counterpart here; remove it", at: word.place)
            }
        }
        return endpoint
    }
}
