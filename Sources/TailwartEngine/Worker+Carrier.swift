import TailwartCore
import TailwartSystem

/// What the ways through a SOCKS proxy and through tailscaled have in common: each is spoken to first, and then steps aside.
extension Worker {
    /// Takes exactly the answer that was peeked: what follows is the upstream's.
    func takeAnswer(_ length: Int, from socket: Socket) -> Bool {
        socket.receive(UnsafeMutableRawBufferPointer(rebasing: buffer[..<length])) == .count(length)
    }

    /// The last answer is there, `length` bytes of it, and the connection is the upstream's from now on.
    mutating func carrierAnswered(_ session: UnsafeMutablePointer<Session>, _ length: Int) {
        guard takeAnswer(length, from: session.pointee.upstream.socket) else { return carrierFailed(session) }
        let token = session.token(in: self, .upstream)
        greetUpstream(session)
        // A server that speaks first may have done so behind the answer; that edge is spent.
        if let session = sessions.find(token), session.pointee.phase == .relay { relay(session, .outbound) }
    }

    mutating func carrierFailed(_ session: UnsafeMutablePointer<Session>) {
        noteFailure(session, .upstreamProxyFailed)
        tryNext(session)
    }
}
