import TailwartCore
import TailwartSystem
import TailwartWire

/// accept → admit.
extension Worker {
    /// How long a listener rests when descriptors have run out and not even the reserve helped, in microseconds.
    private static let pause: UInt64 = 100_000

    mutating func startAccepting() {
        isPaused = false
        guard !isDraining else { return }
        for (index, accepting) in parts.listeners.enumerated() {
            // Failure could only be a lack of memory or of watches; without its listeners a worker is no use.
            let error = epoll.add(
                accepting.socket.raw, .connections, token: Self.listenerToken | UInt64(index))
            precondition(error == nil, "a listening socket could not be watched")
        }
    }

    mutating func stopAccepting() {
        guard !isPaused else {
            isPaused = false
            return
        }
        for accepting in parts.listeners { _ = epoll.remove(accepting.socket.raw) }
    }

    /// A listening socket has connections: takes one.
    ///
    /// The socket is watched for its state and reports again while there are more, together with whatever else is ready then. So
    /// no call is made only to hear "would block", and a flood is shared by the workers that wait.
    mutating func accept(_ index: Int) {
        let accepting = parts.listeners[index]
        switch accepting.socket.accept() {
        case .connection(let descriptor, let address): begin(descriptor, from: address, on: accepting)
        case .failed(let error) where error.isShortage: shed(accepting)
        // Another worker was faster, or the client left before it was accepted (accept(2) passes such errors on).
        case .wouldBlock: break
        case .failed: break
        }
    }

    /// Descriptors have run out: gives up the reserve to take one connection and close it, so that its client learns at once
    /// and the listener does not report it for ever; then rests if there is no way on.
    private mutating func shed(_ accepting: Accepting) {
        pipes.closeIdle()
        reserve.close()
        let isStuck = !shedOne(accepting)
        reserve = Descriptor.reserve()
        guard isStuck || !reserve.isOpen else { return }
        stopAccepting()
        isPaused = true
        resumeAt = now + Self.pause
    }

    /// - Returns: false if not even the reserve's descriptor was enough.
    private mutating func shedOne(_ accepting: Accepting) -> Bool {
        switch accepting.socket.accept() {
        case .connection(var descriptor, let address):
            parts.admission.shed()
            var record = Record(
                retaining: snapshot, id: takeID(), acceptedAt: Clock.wall(), listener: accepting.listener)
            record.client = address?.unmapped
            record.ending = Ending(.edge, .descriptorLimit)
            descriptor.close()
            parts.ring.push(record)
            return true
        case .wouldBlock: return true
        case .failed: return false
        }
    }

    private mutating func begin(
        _ descriptor: consuming Descriptor, from address: InternetAddress?, on accepting: Accepting
    ) {
        let plan = snapshot.plans[accepting.listener]
        let refusal = parts.admission.enter(
            listener: accepting.listener, limit: plan.maxConnections, edgeLimit: snapshot.maxConnections)
        let index = sessions.insert(
            Session(
                client: descriptor, address: address?.unmapped, listener: accepting.listener,
                snapshot: .passRetained(snapshot), id: takeID(), silenceLimits: plan.silenceLimits, now: now))
        guard let session = sessions.live(at: index) else { return }
        if let refusal { return turnAway(session, Ending(.edge, refusal)) }
        session.pointee.destination = accepting.address
        session.pointee.listenerPort = accepting.port
        if let settings = plan.proxyProtocolIn {
            awaitProxyHeader(session, settings)
        } else {
            route(session, plan)
        }
    }

    private mutating func takeID() -> UInt64 {
        nextID &+= 1
        return nextID
    }
}
