import TailwartCore
import TailwartSystem

/// One accepted connection as a worker keeps it: what ``Connection`` decides about, two legs, two lanes.
///
/// Kept small, since a mail edge mostly holds idle ones: no buffer is owned while nothing is pending.
struct Session: ~Copyable {
    var connection: Connection
    var client: Leg
    var upstream = Leg()
    var inbound = Lane()
    var outbound = Lane()
    let index: UInt32
    /// A leg could not be watched: the connection ends when its timer fires.
    var isDoomed = false
}

/// Accessors by side and direction. On the pointer and down to single fields: a method that only reads gets a copy of the whole
/// connection, which costs more than the rest of a step.
extension UnsafeMutablePointer where Pointee == Session {
    var isRelaying: Bool {
        if case .relaying = pointee.connection.phase { true } else { false }
    }

    /// Payload that was read so far.
    func bytes(_ direction: Direction) -> UInt64 {
        direction == .inbound ? pointee.connection.record.inboundBytes : pointee.connection.record.outboundBytes
    }

    /// Bytes that were read and that the sink has not taken yet.
    func pending(_ direction: Direction) -> Int {
        direction == .inbound
            ? pointee.connection.relaying.relay.inbound.pending : pointee.connection.relaying.relay.outbound.pending
    }

    func socket(_ side: Side) -> Socket { side == .client ? pointee.client.socket : pointee.upstream.socket }

    /// What the side sends from now on must be read to its end.
    func note(_ side: Side) {
        if side == .client { pointee.client.mustReadToEnd = true } else { pointee.upstream.mustReadToEnd = true }
    }

    func mustReadToEnd(_ side: Side) -> Bool {
        side == .client ? pointee.client.mustReadToEnd : pointee.upstream.mustReadToEnd
    }

    /// The side has finished.
    func noteEnd(_ side: Side) {
        if side == .client { pointee.client.hasFinished = true } else { pointee.upstream.hasFinished = true }
    }

    func hasFinished(_ side: Side) -> Bool {
        side == .client ? pointee.client.hasFinished : pointee.upstream.hasFinished
    }

    subscript(lane direction: Direction) -> Lane {
        get { direction == .inbound ? pointee.inbound : pointee.outbound }
        nonmutating _modify {
            if direction == .inbound { yield &pointee.inbound } else { yield &pointee.outbound }
        }
    }
}
