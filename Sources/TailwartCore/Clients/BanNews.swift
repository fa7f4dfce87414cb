import TailwartWire

/// What the log says of one ban.
package struct BanNews: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
        case begun
        /// Is only observed.
        case observed
        /// Whoever says it: it has no effect here.
        case exempt
        /// Taken back. That a ban has come to its end is not said.
        case over
    }

    package let ban: Ban
    package let state: State
    private let exemption: BanExemption?

    package init(_ ban: Ban, isObserved: Bool = false, exemption: BanExemption? = nil, isLifted: Bool = false) {
        self.ban = ban
        self.exemption = exemption
        state = isLifted ? .over : exemption != nil ? .exempt : isObserved ? .observed : .begun
    }

    package var sentence: String {
        let how = "\(ban.end): \(ban.reason)"
        switch state {
        case .begun: return ban.sentence
        case .observed: return "\(ban.network) would be banned by \(ban.layer.words) \(how); 'bans.observe' is on"
        case .exempt:
            return
                "\(ban.layer.words) bans \(ban.network) \(how); that has no effect here: \(exemption?.sentence ?? "")"
        case .over: return "\(ban.network) is no longer banned by \(ban.layer.words)"
        }
    }

    func value(of key: EventKey) -> EventValue? {
        switch key {
        case .network: .text("\(ban.network)")
        case .layer: .text(ban.layer.rawValue)
        case .state: .text(state.rawValue)
        case .cause: .text(ban.reason)
        case .until: ban.until.map { .number($0) }
        default: nil
        }
    }
}
