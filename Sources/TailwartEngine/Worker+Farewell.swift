import TailwartCore
import TailwartSystem
import TailwartWire

/// The end of a connection that cannot be served, in the client's own words: a line where it waits for a greeting, an alert where it
/// begins with a TLS hello. Only while the client has seen no byte of the upstream.
///
/// A close with unread bytes in the socket sends a reset, and a client that gets one loses what it has not read yet. So the edge
/// shuts down its side, takes in what still comes, and closes when the client does, or soon.
extension Worker {
    /// How long a client may take to read and leave, in microseconds.
    private static let farewellLimit: UInt64 = 2_000_000
    /// Clients that are told at the same time; further ones are closed without a word. Each holds a descriptor.
    static let farewellsAtOnce = 256

    /// Ends the session; tells the client why, if there is something to be said and a way to say it.
    mutating func turnAway(_ session: UnsafeMutablePointer<Session>, _ ending: Ending) {
        let frontend = session.frontend
        let manner: Refusal.Manner
        switch (ending.reason.refusalCause, ending.reason.alert) {
        case (.unavailable, _): manner = frontend.unavailable
        case (.tooManyConnections, _): manner = frontend.tooManyConnections
        case (nil, .some) where frontend.unavailable == .alert: manner = .alert
        default: manner = .none
        }
        guard manner != .none, farewells < Self.farewellsAtOnce, !session.pointee.isDoomed, !session.pointee.hasLeft
        else {
            return end(session, ending)
        }
        letGo(session)
        session.pointee.ending = ending
        session.pointee.hasLeft = true
        leave(session)
        farewells += 1
        if case .words(let words) = manner { return say(words, session) }
        // An alert before the hello would be an answer to nothing.
        if session.pointee.hello != nil || session.pointee.inboundBytes > 0 { return sayAlert(session) }
        session.pointee.phase = .beforeFarewell
        session.pointee.deadline = now + frontend.helloLimit
        readBeforeFarewell(session)
    }

    /// The client may have begun with its hello.
    mutating func readBeforeFarewell(_ session: UnsafeMutablePointer<Session>) {
        switch session.pointee.client.socket.peek(UnsafeMutableRawBufferPointer(rebasing: buffer[..<2])) {
        case .count(let count) where count > 0:
            switch TLSAlert.isHandshake(bytes(count).span) {
            case true?: sayAlert(session)
            case false?: end(session, session.pointee.ending)
            case nil: awaitClient(session)
            }
        case .wouldBlock: awaitClient(session)
        case .count, .failed: end(session, session.pointee.ending)
        }
    }

    /// The client said more, or left.
    mutating func readFarewell(_ session: UnsafeMutablePointer<Session>) {
        switch session.pointee.client.socket.receive(buffer) {
        // It has read the farewell or will not; somebody who sends a whole buffer meanwhile does not listen.
        case .count(0), .count(Self.bufferSize), .failed: end(session, session.pointee.ending)
        // Its end may have come with its bytes, and that edge is spent.
        case .count where session.mustReadToEnd(.client): readFarewell(session)
        case .count, .wouldBlock: awaitClient(session)
        }
    }

    private mutating func sayAlert(_ session: UnsafeMutablePointer<Session>) {
        say((session.pointee.ending.reason.alert ?? .internalError).bytes, session)
    }

    private mutating func say(_ words: [UInt8], _ session: UnsafeMutablePointer<Session>) {
        let client = session.pointee.client.socket
        // The first bytes on a fresh connection: there is room for them.
        guard words.withUnsafeBytes({ client.send($0) }) == .count(words.count) else {
            return end(session, session.pointee.ending)
        }
        session.pointee.wasRefused = true
        client.shutDownWrite()
        session.pointee.phase = .farewell
        session.pointee.deadline = now + Self.farewellLimit
        readFarewell(session)
    }
}
