import TailwartCore
import TailwartTesting
import TailwartWire

/// One connection in the simulation: what the engine's session holds, and what the test knows better than the edge.
final class SimulatedSession {
    var connection: Connection
    let number: Int
    let client: SimulatedLeg
    /// Where the client is, as the upstream's header must say.
    let clientAddress: InternetAddress
    var upstream: SimulatedLeg?
    /// Read and not yet written, by direction.
    var carried: [Direction: [UInt8]] = [.inbound: [], .outbound: []]
    var pipesHeld: Set<Direction> = []
    var queued: Set<Direction> = []
    /// Microseconds; nil while no timer is set.
    var timer: UInt64?
    var isOver = false
    var refusals = 0
    /// Whether the words of the refusal went out.
    var wasTold = false
    var isKeptAlive = false
    /// What has been dialled of the present place in this round.
    var tried: [Dialled] = []
    var triedPlace: Place.Key?
    /// Whether the connect that is answered next failed for want of something that this host lacks.
    var failsBlamelessly = false
    /// Whether a PROXY header went where none belongs: the upstream has answered ours, or the client has sent one.
    var mayBeToldBehindGreeting = false
    /// Whether the client sends a PROXY header though the listener takes none.
    var beginsWithHeader = false

    init(
        _ connection: consuming Connection, number: Int, client: SimulatedLeg, clientAddress: InternetAddress
    ) {
        self.connection = connection
        self.number = number
        self.client = client
        self.clientAddress = clientAddress
    }

    /// Dialling begins with the first place.
    func beginRound() { (tried, triedPlace) = ([], nil) }

    func leg(_ side: Side) -> SimulatedLeg? { side == .client ? client : upstream }
}

extension Connection {
    /// Whether it is one of those that the worker holds: waiting, or dialling once more.
    var isHeld: Bool {
        switch phase {
        case .takingWarm(let dial), .connecting(let dial), .passing(let dial, _), .greeting(let dial, _),
            .held(let dial):
            dial.isHeld
        default: false
        }
    }

    /// For the messages of a simulation that fails.
    var phaseName: String {
        switch phase {
        case .suspected: "suspected"
        case .proxyHeader: "proxyHeader"
        case .hello: "hello"
        case .takingWarm: "takingWarm"
        case .connecting: "connecting"
        case .passing: "passing"
        case .greeting: "greeting"
        case .held: "held"
        case .relaying: "relaying"
        case .awaitingHello: "awaitingHello"
        case .farewell: "farewell"
        case .over: "over"
        }
    }

    /// How a connection will end that is being told why it cannot be served; else how it has ended.
    var decidedEnding: Ending? {
        switch phase {
        case .awaitingHello(let ending), .farewell(let ending): ending
        case .over: record.ending
        default: nil
        }
    }

    /// Whether a failure now is one of the address that is dialled.
    var isDialling: Bool {
        switch phase {
        case .connecting, .passing: true
        case .greeting(_, let greeting): greeting != .warm
        default: false
        }
    }
}
