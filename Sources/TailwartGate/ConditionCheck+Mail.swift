import NIOCore
import TailwartClient
import TailwartCore
import TailwartProbe

/// What the edge's own probes say of a mail server.
extension ConditionCheck {
    /// After a look that a server may count against this host, it is not looked at again for so long: Stalwart bans after 30 of them a day.
    static let quotaPause = Duration.seconds(60)

    func mail(_ url: MailURL, within limit: Duration) async -> Finding {
        if let way = dialer.way(to: url.endpoint) {
            let result = await prober.probe(question(url, way), timeout: limit, patience: limit)
            // What tailscaled says of the way is the same for all conditions.
            return [.nameUnknown, .refused, .timeout, .unreachable, .proxyFailed, .unprobed].contains(result.verdict)
                ? Finding(dialling: url.endpoint, result.verdict, result.detail) : Finding(result)
        }
        return await dialer.tryAddresses(of: url.endpoint, within: limit) { address, deadline in
            let share = Duration(max(deadline, .now()) - .now())
            let result = await prober.probe(question(url, .direct(address)), timeout: share, patience: share)
            guard result.verdict != .unprobed else { return (.noDescriptor, true) }
            return (Finding(result), ![.refused, .timeout, .unreachable].contains(result.verdict))
        }
    }

    private func question(_ url: MailURL, _ way: DialWay) -> ProbeQuestion {
        ProbeQuestion(
            upstream: url.endpoint.host, endpoint: "\(url.endpoint)", way: way, proto: url.proto,
            proxyProtocol: url.proxyProtocol, serverName: url.endpoint.address == nil ? url.endpoint.host : nil)
    }
}

extension Finding {
    init(_ result: ProbeResult) {
        switch result.verdict.grade {
        case .good: self = .ready("answers")
        case .degraded: self = .ready("answers, but: \(Self.withoutFullStop(result.verdict.cause))")
        case .failed:
            self = .waiting(
                result.verdict.name, Self.withoutFullStop(result.detail), fix: result.fix,
                pause: result.isCostly ? ConditionCheck.quotaPause : .zero)
        }
    }

    static func withoutFullStop(_ text: String) -> String {
        text.hasSuffix(".") ? String(text.dropLast()) : text
    }
}
