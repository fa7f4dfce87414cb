import TailwartCore
import TailwartTesting

/// A relay between two simulated sockets, in an order of events that one seed decides, held against what was sent.
struct RelaySimulation: ~Copyable {
    var relay = Relay()
    var client: SimulatedSocket
    var upstream: SimulatedSocket
    var random: SeededRandom
    /// Read and not yet written, by direction.
    var carried: [Direction: [UInt8]] = [.inbound: [], .outbound: []]
    var pipesHeld: Set<Direction> = []
    var endings: [Ending] = []
    let mayReset: Bool
    let mayTimeOut: Bool
    let pipesAreScarce: Bool
    static let bufferSize = 64
    static let pipeSize = 256

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        func script(_ random: inout SeededRandom) -> [UInt8] {
            let longest = random.oneIn(3) ? 4000 : 300
            return (0..<Int.random(in: 0...longest, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
        }
        client = SimulatedSocket(script: script(&random), sendQueue: Int.random(in: 1...300, using: &random))
        upstream = SimulatedSocket(script: script(&random), sendQueue: Int.random(in: 1...300, using: &random))
        mayReset = random.oneIn(4)
        mayTimeOut = random.oneIn(4)
        pipesAreScarce = random.oneIn(3)
    }

    var isOver: Bool { !endings.isEmpty }

    /// Runs to the end, or until nothing can happen any more.
    mutating func run() {
        run(.inbound)
        if !isOver { run(.outbound) }
        for _ in 0..<200_000 where !isOver {
            happen()
        }
    }

    /// One random thing.
    private mutating func happen() {
        switch Int.random(in: 0..<9, using: &random) {
        case 0: client.peerSends(upTo: 200, &random)
        case 1: upstream.peerSends(upTo: 200, &random)
        case 2: client.peerReads(upTo: 200, &random)
        case 3: upstream.peerReads(upTo: 200, &random)
        case 4: if random.oneIn(4) { client.peerFinishes() }
        case 5: if random.oneIn(4) { upstream.peerFinishes() }
        case 6: deliver(.client)
        case 7: deliver(.upstream)
        default:
            if mayReset, random.oneIn(60) {
                if Bool.random(using: &random) { client.peerResets() } else { upstream.peerResets() }
            } else if mayTimeOut, random.oneIn(200) {
                let reason = relay.isHalfClosed ? CloseReason.halfClosedTimeout : .idleTimeout
                execute(relay.abort(Ending(.edge, reason)))
            }
        }
    }

    /// The engine fetches the reports on one leg.
    private mutating func deliver(_ side: Side) {
        let outgoing: Direction = side == .client ? .inbound : .outbound
        let (readable, writable) =
            side == .client
            ? (client.readableEdge, client.writableEdge) : (upstream.readableEdge, upstream.writableEdge)
        if side == .client {
            (client.readableEdge, client.writableEdge) = (false, false)
        } else {
            (upstream.readableEdge, upstream.writableEdge) = (false, false)
        }
        if writable {
            relay[outgoing.opposite].sinkBecameWritable()
            run(outgoing.opposite)
        }
        if readable, !isOver {
            relay[outgoing].sourceBecameReadable()
            run(outgoing)
        }
    }

    /// As the engine: one direction until it is told to wait, or a budget interrupts it.
    private mutating func run(_ direction: Direction) {
        while !isOver {
            switch relay.step(direction) {
            case .wait:
                if relay[direction].pending == 0 { pipesHeld.remove(direction) }
                return
            case .fill(.buffer):
                fill(direction, .buffer)
            case .fill(.pipe):
                if pipesAreScarce, !pipesHeld.contains(direction), random.oneIn(2) {
                    relay[direction].pipeUnavailable()
                    continue
                }
                pipesHeld.insert(direction)
                fill(direction, .pipe)
            case .drain(let carrier):
                drain(direction, carrier)
            case .shutDownSink:
                precondition(carried[direction]?.isEmpty == true, "half-closed with bytes pending")
                if direction == .inbound { upstream.isShutDown = true } else { client.isShutDown = true }
                relay.sinkShutDown(direction)
            case .close(let ending):
                execute(.close(ending))
            }
        }
    }

    private mutating func fill(_ direction: Direction, _ carrier: Flow.Carrier) {
        precondition(carried[direction]?.isEmpty == true, "filled before drained")
        let limit = carrier == .buffer ? Self.bufferSize : Self.pipeSize
        var bytes: [UInt8] = []
        let answer =
            direction == .inbound
            ? client.read(upTo: limit, whole: carrier == .buffer, into: &bytes, &random)
            : upstream.read(upTo: limit, whole: carrier == .buffer, into: &bytes, &random)
        switch answer {
        case .count(0): relay.sourceEnded(direction)
        case .count(let count):
            carried[direction] = bytes
            let source = direction == .inbound ? client : upstream
            // The engine trusts a short read unless an end or an error was announced.
            let announced = source.peerHasFinished || source.isReset
            relay[direction].filled(count, short: carrier == .buffer && count < limit && !announced)
        case .wouldBlock: relay[direction].fillBlocked()
        case .reset: execute(relay.abort(Ending(direction.source, .reset)))
        }
    }

    private mutating func drain(_ direction: Direction, _ carrier: Flow.Carrier) {
        let bytes = carried[direction, default: []]
        precondition(bytes.count == relay[direction].pending, "the count of pending bytes is wrong")
        let answer =
            direction == .inbound
            ? upstream.write(bytes[...], whole: carrier == .buffer, &random)
            : client.write(bytes[...], whole: carrier == .buffer, &random)
        switch answer {
        case .count(let count):
            carried[direction] = Array(bytes.dropFirst(count))
            relay[direction].drained(count)
            if carrier == .buffer, count < bytes.count { relay[direction].drainBlocked() }
        case .wouldBlock: relay[direction].drainBlocked()
        case .reset: execute(relay.abort(Ending(direction.sink, .reset)))
        }
    }

    private mutating func execute(_ action: Relay.Action) {
        guard case .close(let ending) = action else { preconditionFailure("an ending must close") }
        endings.append(ending)
        client.isOpen = false
        upstream.isOpen = false
        pipesHeld = []
    }
}
