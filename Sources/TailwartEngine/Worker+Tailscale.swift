import TailwartCore
import TailwartSystem
import TailwartWire

/// The way through tailscaled's Unix socket: request, answer; then as if dialled directly.
extension Worker {
    mutating func beginTailscale(_ session: UnsafeMutablePointer<Session>) {
        let host: InlineBytes
        switch session.endpoint.location {
        case .host(let name): host = InlineBytes(name)
        case .addresses(let addresses):
            guard let address = addresses.first else { return carrierFailed(session) }
            host = InlineBytes("\(address)")
        case .unix: return carrierFailed(session)
        }
        session.pointee.phase = .tailscale
        var span = buffer.bindMemory(to: UInt8.self).mutableSpan
        let length = TailscaleDial.writeRequest(
            host: host, port: session.port(of: Int(session.pointee.endpoint)), into: &span)
        let request = UnsafeRawBufferPointer(rebasing: buffer[..<length])
        guard session.pointee.upstream.socket.send(request) == .count(length) else { return carrierFailed(session) }
        session.pointee.deadline = now + session.pointee.connectLimit
        timers.set(session.pointee.index, at: session.pointee.deadline)
        register(session, .upstream)
    }

    mutating func readTailscale(_ session: UnsafeMutablePointer<Session>) {
        let socket = session.pointee.upstream.socket
        let window = UnsafeMutableRawBufferPointer(rebasing: buffer[..<TailscaleDial.maximumHeadLength])
        switch socket.peek(window) {
        case .count(let count) where count > 0:
            switch TailscaleDial.parseAnswer(bytes(count).span) {
            case .needMore where session.mustReadToEnd(.upstream): carrierFailed(session)
            case .needMore: return
            case .invalid: carrierFailed(session)
            case .found(let length): carrierAnswered(session, length)
            }
        case .wouldBlock: return
        case .count, .failed: carrierFailed(session)
        }
    }
}
