package import TailwartWire

/// The one thing that the engine is to do next for a connection, and the method that it reports with.
package enum Action: Sendable {
    /// Look at what the client has sent, at most so many bytes, and leave it there: ``Connection/clientPeeked(_:isFinal:_:)``.
    case peekClient(Int)
    /// Take exactly so many bytes that were peeked from the client: ``Connection/clientTook(_:_:)``.
    case takeFromClient(Int)
    /// See whether the client has finished and sent nothing before: ``Connection/clientChecked(hasLeft:_:)``.
    case checkClient
    /// Give up the upstream leg, and take a socket from the warm pool in its place: ``Connection/warmTaken(_:_:)``.
    case takeWarm(Unmanaged<Place>?)
    /// Give up the upstream leg and connect another: ``Connection/connectAnswered(_:_:)``.
    case connect(Dialled, edgeSpeaksFirst: Bool)
    /// Send to the upstream, whole: ``Connection/sent(_:_:)``. What it is, ``Connection/write(_:into:)`` says.
    case send(Message)
    /// As for the client: ``Connection/upstreamPeeked(_:isFinal:_:)``.
    case peekUpstream(Int)
    /// Take exactly so many bytes that were peeked from the upstream: ``Connection/upstreamTook(_:_:)``.
    case takeFromUpstream(Int)
    /// Move bytes both ways: watch both legs and ask ``Connection/step(_:)``.
    case relay(until: UInt64)
    /// Give up the upstream leg, and look at how the client begins: ``Connection/clientPeeked(_:isFinal:_:)``.
    case awaitHello
    /// Give up the upstream leg, and say why the client cannot be served: ``Connection/told(_:_:)``.
    case tell([UInt8])
    /// Take in what the client still sends, to no end: ``Connection/discarded(_:_:)``.
    case discard
    /// Find out from now on whether the upstream is still there, and wait.
    case keepUpstreamAlive(until: UInt64)
    /// Give up the upstream leg, and wait for the client.
    case hold(until: UInt64)
    /// What happened changes nothing: what was waited for is waited for.
    case nothing
    /// Wait for the kernel to report on a leg, or for the time.
    case wait(Watch, until: UInt64)
    /// Close both legs, with a reset if it is abortive, and leave the record.
    case end(abortive: Bool)

    /// Which leg is waited for.
    package enum Watch: Sendable {
        case client
        case upstream
        /// The upstream leg also for writing: the answer of a connect.
        case connect
        /// Those that are waited for already.
        case asBefore
    }

    /// What the edge itself says to an upstream.
    package enum Message: Sendable {
        case proxyHeader
        case socksGreeting
        case socksRequest
        case dialRequest
    }
}

/// Where an upstream leg is connected to.
package enum Dialled: Sendable, Equatable {
    case internet(InternetAddress)
    case unix(path: String)

    package var internet: InternetAddress? {
        if case .internet(let address) = self { address } else { nil }
    }
}

/// Why a system call on a leg failed, as far as a decision depends on it.
package enum LegFault: UInt8, Sendable, CaseIterable {
    /// Nobody listens there, or the path does not exist.
    case refused
    /// The peer aborted.
    case reset
    case timedOut
    /// This host has no descriptor or memory left.
    case shortage
    /// This host has no port left to connect from.
    case noPort
    /// A Unix socket whose accept queue is full.
    case backlogFull
    /// The peer's network or the way to it is gone.
    case unreachable
}

/// What a connect came to.
package enum ConnectAnswer: Sendable, Equatable {
    case connected
    case inProgress
    case failed(LegFault)
}

/// What sending a message whole came to.
package enum SendAnswer: Sendable, Equatable {
    case sent
    /// There was no room for any of it.
    case blocked
    /// A part of it went out, so it can be neither completed nor repeated.
    case torn
    case failed(LegFault)
}

/// What reading from a client that is not listened to came to.
package enum DiscardAnswer: Sendable, Equatable {
    /// It sent something, and perhaps more, or its end, is there.
    case more
    /// Nothing is there.
    case dry
    /// It has left, has failed, or sends so much that it does not listen.
    case over
}
