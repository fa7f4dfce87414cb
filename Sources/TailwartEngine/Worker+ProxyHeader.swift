import TailwartCore
import TailwartSystem
import TailwartWire

/// PROXY header in: required of trusted networks, refused from all others, never guessed.
extension Worker {
    mutating func awaitProxyHeader(_ session: UnsafeMutablePointer<Session>, _ settings: ProxyProtocolIn) {
        // A client on a unix socket has no address to trust; whoever may open the path was trusted by its permissions.
        if let client = session.pointee.clientAddress?.ip, !settings.trusted.contain(client) {
            return end(session, Ending(.edge, .proxyHeaderUntrusted))
        }
        session.pointee.phase = .proxyHeader
        session.pointee.deadline = now + settings.timeout.microseconds
        readProxyHeader(session)
    }

    mutating func readProxyHeader(_ session: UnsafeMutablePointer<Session>) {
        let socket = session.pointee.client.socket
        let window = UnsafeMutableRawBufferPointer(rebasing: buffer[..<ProxyHeader.maximumV2Length])
        switch socket.peek(window) {
        case .count(0):
            end(session, Ending(.client, .clientLeft))
        case .count(let count):
            switch ProxyHeader.parse(bytes(count).span) {
            case .found(let header):
                accept(header, session)
            case .invalid:
                end(session, Ending(.edge, .proxyHeaderInvalid))
            case .needMore where count >= ProxyHeader.maximumV2Length || session.pointee.clientLeg.contains(.readToEnd):
                end(session, Ending(.edge, .proxyHeaderInvalid))
            case .needMore:
                awaitClient(session)
            }
        case .wouldBlock:
            awaitClient(session)
        case .failed(let error):
            end(session, .failure(of: .client, error))
        }
    }

    private mutating func accept(_ header: ProxyHeader, _ session: UnsafeMutablePointer<Session>) {
        // Whole, as it was just peeked: one read takes exactly the header and leaves what follows in the socket.
        let window = UnsafeMutableRawBufferPointer(rebasing: buffer[..<header.length])
        guard session.pointee.client.socket.receive(window) == .count(header.length) else {
            return end(session, Ending(.edge, .proxyHeaderInvalid))
        }
        if case .proxied(let client, let destination) = header.peers {
            session.pointee.clientAddress = client
            session.pointee.destination = destination
        }
        route(session, session.frontend)
    }
}
