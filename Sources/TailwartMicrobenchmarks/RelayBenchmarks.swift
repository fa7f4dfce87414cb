import TailwartCore

/// The decisions of the relay, without the system calls between them.
enum RelayBenchmarks {
    static var all: [Measurement] {
        [
            Measurement("relay, one message: ready, fill, flush, wait") { count in
                var relay = Relay()
                for _ in 0..<count { pass(&relay, .inbound) }
                consume(relay)
            },
            Measurement("relay, a connection: two messages and both ends") { count in
                for _ in 0..<count {
                    var relay = Relay()
                    pass(&relay, .outbound)
                    pass(&relay, .inbound)
                    end(&relay, .inbound)
                    end(&relay, .outbound)
                }
            },
        ]
    }

    /// What the engine does for bytes that are read at once and sent at once.
    private static func pass(_ relay: inout Relay, _ direction: Direction) {
        relay[direction].sourceBecameReadable()
        guard case .fill = relay.step(direction) else { fatalError("not filled") }
        relay[direction].filled(100, short: true)
        guard case .flush = relay.step(direction) else { fatalError("not flushed") }
        relay[direction].flushed(100)
        guard case .wait = relay.step(direction) else { fatalError("not at rest") }
    }

    private static func end(_ relay: inout Relay, _ direction: Direction) {
        relay[direction].sourceBecameReadable()
        guard case .fill = relay.step(direction) else { fatalError("not filled") }
        relay.sourceEnded(direction)
        if case .shutDownSink = relay.step(direction) { relay.sinkShutDown(direction) }
    }
}
