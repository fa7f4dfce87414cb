import NIOCore
import TailwartClient
import TailwartCore
import TailwartProbe

/// What the edge's own probes say of a mail server.
extension ConditionCheck {
    /// After a look that a server may count against this host, it is not looked at again for so long: Stalwart bans after 30 of them a day.
    static let quotaPause = Duration.seconds(60)

    func mail(_ url: MailURL, within limit: Duration) async -> Finding {
        await dialer.tryAddresses(of: url.endpoint, within: limit) { address, deadline in
            let question = ProbeQuestion(
                upstream: url.endpoint.host, endpoint: "\(url.endpoint)", way: .direct(address), proto: url.proto,
                proxyProtocol: url.proxyProtocol, serverName: url.endpoint.address == nil ? url.endpoint.host : nil)
            let share = Duration(max(deadline, .now()) - .now())
            let result = await prober.probe(question, timeout: share, patience: share)
            return (Finding(result), ![.refused, .timeout, .unreachable].contains(result.verdict))
        }
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

    private static func withoutFullStop(_ text: String) -> String {
        text.hasSuffix(".") ? String(text.dropLast()) : text
    }
}
