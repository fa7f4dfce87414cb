import TailwartCore
import TailwartSystem
import TailwartWire

/// The way through a SOCKS proxy (RFC 1928): greeting, method, request, reply; then as if dialled directly.
extension Worker {
    mutating func beginSOCKS(_ session: UnsafeMutablePointer<Session>) {
        session.pointee.phase = .socksMethod
        var span = buffer.bindMemory(to: UInt8.self).mutableSpan
        let length = SOCKS5.writeGreeting(into: &span)
        if send(length, session) { register(session, .upstream) }
    }

    mutating func readSOCKS(_ session: UnsafeMutablePointer<Session>) {
        let socket = session.pointee.upstream.socket
        let count: Int
        switch socket.peek(buffer) {
        case .count(let peeked) where peeked > 0: count = peeked
        case .wouldBlock: return
        case .count, .failed: return carrierFailed(session)
        }
        let bytes = bytes(count)
        let outcome =
            session.pointee.phase == .socksMethod
            ? SOCKS5.parseMethod(bytes.span) : SOCKS5.parseReply(bytes.span)
        switch outcome {
        case .needMore: return
        case .invalid: return carrierFailed(session)
        case .found(let length) where session.pointee.phase == .socksMethod:
            guard takeAnswer(length, from: socket) else { return carrierFailed(session) }
            request(session)
        case .found(let length): carrierAnswered(session, length)
        }
    }

    private mutating func request(_ session: UnsafeMutablePointer<Session>) {
        let wantedPort = session.port(of: Int(session.pointee.endpoint))
        session.pointee.phase = .socksReply
        var span = buffer.bindMemory(to: UInt8.self).mutableSpan
        let length: Int
        switch session.endpoint.location {
        case .host(let host):
            length = SOCKS5.writeConnect(to: .name(InlineBytes(host), port: wantedPort), into: &span)
        case .addresses(let addresses):
            guard let ip = addresses.first else { return carrierFailed(session) }
            length = SOCKS5.writeConnect(to: .address(InternetAddress(ip, port: wantedPort)), into: &span)
        case .unix:
            return carrierFailed(session)
        }
        _ = send(length, session)
    }

    /// - Returns: false if the proxy has failed; the session has gone on to the next address or is over then.
    private mutating func send(_ length: Int, _ session: UnsafeMutablePointer<Session>) -> Bool {
        let message = UnsafeRawBufferPointer(rebasing: buffer[..<length])
        if session.pointee.upstream.socket.send(message) == .count(length) { return true }
        carrierFailed(session)
        return false
    }
}
