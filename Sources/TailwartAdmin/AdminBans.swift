import NIOHTTP1
package import TailwartCore
package import TailwartWire

/// Who is kept out, as the admin interface asks for it. Each call may take some seconds.
package protocol AdminBans: Sendable {
    /// - Parameter time: nil: for ever.
    func add(_ network: Network, time: Duration?, reason: String) -> CommandAnswer
    /// - Parameter layer: that alone takes it back; nil: all do that can.
    func remove(_ network: Network, layer: BanLayer?) -> CommandAnswer
    func list(limit: Int) -> CommandAnswer
    func why(_ address: IPAddress) -> CommandAnswer
}

/// The pages of bans.
struct AdminBanPages: Sendable {
    private static let usualList = 1000

    let bans: any AdminBans

    func add(_ value: (String) -> String?) -> AdminReply {
        guard let network = network(value) else { return Self.wrongNetwork(value) }
        guard !network.isTooWide else {
            let widest = BanBook.widest
            return .refused(
                .badRequest,
                "\(network) is wider than a /\(widest.v4) of IPv4 or a /\(widest.v6) of IPv6, which is more likely a mistake"
            )
        }
        var time: Duration?
        if let text = value("for") {
            guard let duration = Duration(configurationText: text), Allowed.banTime.contains(duration) else {
                let range = Allowed.banTime
                return .refused(
                    .badRequest,
                    "'for' must be a duration from \(range.lowerBound.configurationText) to "
                        + "\(range.upperBound.configurationText), not \(text.quoted)")
            }
            time = duration
        }
        return reply(bans.add(network, time: time, reason: value("reason") ?? "no reason was given"))
    }

    func remove(_ value: (String) -> String?) -> AdminReply {
        guard let network = network(value) else { return Self.wrongNetwork(value) }
        var layer: BanLayer?
        if let text = value("layer") {
            layer = BanLayer(rawValue: text)
            guard let layer, !layer.isRepeated else {
                let names = BanLayer.allCases.filter { !$0.isRepeated }.map(\.rawValue).joined(separator: ", ")
                return .refused(.badRequest, "'layer' must be one of \(names), not \(text.quoted)")
            }
        }
        return reply(bans.remove(network, layer: layer))
    }

    func list(_ value: (String) -> String?) -> AdminReply {
        var limit = Self.usualList
        if let text = value("limit") {
            guard let number = Int(text), BanAnswer.limits.contains(number) else {
                let range = "\(BanAnswer.limits.lowerBound) to \(BanAnswer.limits.upperBound)"
                return .refused(.badRequest, "'limit' must be from \(range), not \(text.quoted)")
            }
            limit = number
        }
        return reply(bans.list(limit: limit))
    }

    func why(_ value: (String) -> String?) -> AdminReply {
        guard let address = value("address").flatMap({ IPAddress($0) }) else {
            return .refused(.badRequest, "'address' must be an IP address, not \((value("address") ?? "").quoted)")
        }
        return reply(bans.why(address))
    }

    private func network(_ value: (String) -> String?) -> Network? { value("network").flatMap { Network($0) } }

    private static func wrongNetwork(_ value: (String) -> String?) -> AdminReply {
        .refused(
            .badRequest, "'network' must be an address or a network, not \((value("network") ?? "").quoted)",
            fix: "Bits behind the prefix are zero: 203.0.113.0/24.")
    }

    private func reply(_ answer: CommandAnswer) -> AdminReply { .json(.ok, answer) }
}
