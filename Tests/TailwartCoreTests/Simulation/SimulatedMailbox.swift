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
    }

    var temper = Temper.serves

    /// The leg that a dial leads to, or why there is none.
    func dialled(by world: inout SimulatedWorld, sending script: [UInt8]) -> (SimulatedLeg, ConnectAnswer) {
        let isServing = temper == .serves || temper == .tearsHeaders
        let leg = SimulatedLeg(
            script: isServing ? script : [], sendQueue: Int.random(in: 900...1400, using: &world.random))
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
        case .serves, .tearsHeaders: return answered(.connected)
        case .closesWithoutByte:
            leg.socket.peerFinishes()
            return answered(.connected)
        case .resetsWithoutByte:
            leg.socket.peerResets()
            return answered(.connected)
        }
    }
}
