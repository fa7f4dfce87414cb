import TailwartCore
import TailwartSystem
import TailwartWire

/// peek ClientHello → match.
extension Worker {
    /// Decides without the hello if that can be, else looks for it.
    mutating func route(_ session: UnsafeMutablePointer<Session>, _ frontend: Frontend) {
        decide(session, frontend, frontend.mayPeek ? .undecided : .none)
    }

    /// Peeks: the hello stays in the socket, so that the upstream receives the client's bytes from the first one on.
    mutating func readHello(_ session: UnsafeMutablePointer<Session>) {
        switch session.pointee.client.socket.peek(buffer) {
        case .count(0):
            end(session, Ending(.client, .clientLeft))
        case .count(let count):
            switch ClientHello.parse(bytes(count).span) {
            case .found(let hello):
                let note = HelloNote(hello)
                session.pointee.hello = .passRetained(note)
                decide(session, session.frontend, .hello(note))
            case .invalid(.notTLS):
                decide(session, session.frontend, .none)
            case .invalid:
                end(session, Ending(.edge, .helloInvalid))
            case .needMore where session.pointee.clientLeg.contains(.readToEnd):
                end(session, Ending(.client, .clientLeft))
            case .needMore where count >= ClientHello.maximumWireLength:
                end(session, Ending(.edge, .helloInvalid))
            case .needMore:
                awaitClient(session)
            }
        case .wouldBlock:
            awaitClient(session)
        case .failed(let error):
            end(session, .failure(of: .client, error))
        }
    }

    /// Watches the client and the clock of the present phase.
    mutating func awaitClient(_ session: UnsafeMutablePointer<Session>) {
        timers.set(session.pointee.index, at: session.pointee.deadline)
        register(session, .client)
    }

    private mutating func decide(
        _ session: UnsafeMutablePointer<Session>, _ frontend: Frontend, _ hello: HelloKnowledge
    ) {
        switch frontend.routeTable.decide(client: session.pointee.clientAddress?.ip, hello: hello) {
        case .route(let index):
            session.pointee.toRoute = session.pointee.sinceAccept(now)
            guard session.take(route: index) else { return end(session, Ending(.edge, .routeClose)) }
            beginDial(session)
        case .needsHello:
            session.pointee.phase = .hello
            session.pointee.deadline = now + frontend.helloLimit
            readHello(session)
        case .noRoute:
            turnAway(session, Ending(.edge, .noRoute))
        }
    }
}
