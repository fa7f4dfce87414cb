import TailwartAdmin
package import TailwartCore
package import TailwartWire

/// What operators ask of it.
extension BanKeeper: AdminBans {
    package func add(_ network: Network, time: Duration?, reason: String) -> CommandAnswer {
        let seconds = time.map { Int($0.components.seconds) }
        let isInForce = order([.ban(network, .manual, reason: reason, time: seconds)])
        return late(book.answer(toBanning: network), isInForce)
    }

    package func remove(_ network: Network, layer: BanLayer?) -> CommandAnswer {
        let before = book
        let isInForce = order([layer.map { .lift(network, $0) } ?? .pardon(network)])
        return late(book.answer(toPardoning: network, by: layer, before: before), isInForce)
    }

    package func list(limit: Int) -> CommandAnswer { book.answer(listing: limit).answer }

    package func why(_ address: IPAddress) -> CommandAnswer {
        book.answer(why: address, findings: surroundings.findings(address)).answer
    }

    private func late(_ answer: BanAnswer, _ isInForce: Bool) -> CommandAnswer {
        var answer = answer
        if !isInForce {
            answer.problems.append(.init(.warning, "it is not in force yet, and will be in a moment"))
        }
        return answer.answer
    }
}
