import TailwartCore
import TailwartTesting
import TailwartWire

/// Whoever is dialled: its temper changes as the simulation goes on, so that it goes away and comes back.
struct SimulatedMailbox {
    enum Temper: CaseIterable {
        case serves
        case refuses
        case isSilent
        case isUnreachable
        case tearsHeaders
        case closesWithoutByte
        case resetsWithoutByte
        case answersHeader
        /// Serves all but those whom it has banned, to whom it closes without a byte.
        case bansSome
    }

    /// What it says by itself.
    struct Speech {
        var greeting: [UInt8] = []
        /// What it makes of a header that it takes for commands; empty where it is sent none.
        var answers: [UInt8] = []
        var payload: [UInt8]

        init(_ proto: ListenerProtocol, hasHeader: Bool, payload: [UInt8]) {
            self.payload = payload
            switch proto {
            case .smtp:
                greeting = Array("220-one moment\r\n220 mail.example.org\r\n".utf8)
                if hasHeader { answers = Array("500 5.5.1 Invalid command.\r\n221 2.0.0 Bye.\r\n".utf8) }
            case .imap:
                greeting = Array("* OK ready\r\n".utf8)
                if hasHeader { answers = Array("* BAD Invalid tag\r\n".utf8) }
            default: break
            }
        }
    }

    var temper = Temper.serves

    /// The leg that a dial leads to, or why there is none.
    ///
    /// - Parameter isBanned: whether the header names one whom it bans.
    func dialled(by world: inout SimulatedWorld, saying speech: Speech, isBanned: Bool) -> (SimulatedLeg, ConnectAnswer)
    {
        var temper = temper
        if temper == .bansSome { temper = isBanned ? .closesWithoutByte : .serves }
        let isServing = [.serves, .tearsHeaders, .answersHeader].contains(temper)
        let answersHeader = temper == .answersHeader && !speech.answers.isEmpty
        let script = speech.greeting + (answersHeader ? speech.answers : speech.payload)
        let leg = SimulatedLeg(
            script: isServing ? script : [], sendQueue: Int.random(in: 900...1400, using: &world.random))
        if isServing, !speech.greeting.isEmpty { leg.greetingEnd = speech.greeting.count }
        leg.answersHeader = answersHeader
        leg.tearsFirstMessage = temper == .tearsHeaders
        let isLate = Bool.random(using: &world.random)
        func answered(_ answer: ConnectAnswer?) -> (SimulatedLeg, ConnectAnswer) {
            if let answer, !isLate { return (leg, answer) }
            leg.isConnecting = true
            leg.answer = answer
            return (leg, .inProgress)
        }
        switch temper {
        case .refuses: return answered(.failed(.refused))
        case .isSilent: return answered(nil)
        case .isUnreachable: return answered(.failed(.unreachable))
        case .serves, .tearsHeaders, .answersHeader: return answered(.connected)
        case .closesWithoutByte:
            leg.socket.peerFinishes()
            return answered(.connected)
        case .bansSome: preconditionFailure("it does one or the other")
        case .resetsWithoutByte:
            leg.socket.peerResets()
            return answered(.connected)
        }
    }
}
