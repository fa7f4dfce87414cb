import TailwartCore
import TailwartSystem
import TailwartWire

/// What a session's topology says about it.
extension UnsafeMutablePointer where Pointee == Session {
    var topology: Topology { pointee.topology.takeUnretainedValue() }
    var hello: ClientHello? { pointee.hello?.takeUnretainedValue().hello }
    var frontend: Frontend { pointee.frontend.takeUnretainedValue() }

    /// Takes down what the matched route asks for.
    ///
    /// - Returns: false if it asks to close.
    func take(route index: Int) -> Bool {
        pointee.route = Int32(index)
        guard let passage = frontend.passage(route: index, port: pointee.listenerPort) else { return false }
        pointee.passage = .passUnretained(passage)
        pointee.header = passage.header
        pointee.connectLimit = passage.connectLimit
        switch passage.backend.via {
        case .direct: break
        case .socks5: pointee.carrier = .socks
        case .tailscale: pointee.carrier = .tailscale
        }
        return true
    }

    /// Where the route leads; only from the dial phase on.
    var passage: Passage {
        guard let passage = pointee.passage else { preconditionFailure("dialled before a route was matched") }
        return passage.takeUnretainedValue()
    }

    /// Nil until an endpoint is dialled.
    var place: Place? { pointee.place?.takeUnretainedValue() }

    /// Whether the edge has something of its own to send as soon as the upstream is connected.
    var edgeSpeaksFirst: Bool { pointee.carrier != .none || pointee.header.version != .none }

    /// The endpoint that is dialled.
    var endpoint: ResolvedEndpoint { passage.backend.endpoints[Int(pointee.endpoint)] }

    /// The port to dial at an endpoint of the passage.
    func port(of endpoint: Int) -> UInt16 {
        let port = passage.places[endpoint].key.port
        // The file leaves the choice of the listener's port to the kernel, and the endpoint takes that over.
        return port == 0 ? pointee.listenerPort : port
    }

    /// Where to connect for the present address of an endpoint; nil when it has no (further) address.
    func destination(of endpoint: Int) -> Destination? {
        let position = Int(pointee.address)
        let backend = passage.backend
        switch backend.via {
        case .direct: break
        case .socks5(let proxy): return position == 0 ? Destination(proxy) : nil
        case .tailscale(let socket): return position == 0 ? Destination(unixPath: socket) : nil
        }
        switch backend.endpoints[endpoint].location {
        case .addresses(let addresses):
            guard position < addresses.count else { return nil }
            return Destination(InternetAddress(addresses[position], port: port(of: endpoint)))
        case .unix(let path):
            return position == 0 ? Destination(unixPath: path) : nil
        case .host:
            return nil
        }
    }

    /// Writes the header that the route asks for.
    ///
    /// - Returns: its length, 0 if the route asks for none.
    func writeProxyHeader(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let wanted = pointee.header
        if case .none = wanted.version { return 0 }
        if pointee.destination == nil { pointee.destination = pointee.client.socket.localAddress()?.unmapped }
        let bytes = buffer.bindMemory(to: UInt8.self)
        var span = bytes.mutableSpan
        guard let client = pointee.clientAddress, let destination = pointee.destination else {
            // A client on a unix socket has no address to tell.
            return wanted.version == .v1
                ? ProxyHeader.writeV1Unknown(into: &span) : ProxyHeader.writeV2Local(into: &span)
        }
        if wanted.version == .v1 { return ProxyHeader.writeV1(client: client, destination: destination, into: &span) }
        let extensions = wanted.tlvs.isEmpty ? ProxyExtensions() : extensions(wanted.tlvs)
        return ProxyHeader.writeV2(client: client, destination: destination, extensions: extensions, into: &span)
    }

    /// Remembers that what a side sends now must be read to the end.
    func note(_ side: Side, _ readiness: Readiness) {
        guard readiness.has(.unusual) else { return }
        if side == .client { pointee.clientLeg.insert(.readToEnd) } else { pointee.upstreamLeg.insert(.readToEnd) }
    }

    func token(in worker: borrowing Worker, _ side: Side) -> SessionToken {
        SessionToken(
            index: pointee.index, generation: worker.sessions.generation(of: pointee.index),
            isUpstream: side == .upstream)
    }

    private func extensions(_ wanted: ProxyProtocolOut.TLVs) -> ProxyExtensions {
        var extensions = ProxyExtensions()
        extensions.crc32c = wanted.contains(.crc32c)
        if wanted.contains(.authority) { extensions.authority = hello?.serverName }
        if wanted.contains(.alpn), var offered = hello?.alpn.makeIterator() {
            // The one that the server will choose is not known here: the client's first choice.
            extensions.alpn = offered.next()
        }
        if wanted.contains(.uniqueID) {
            var id = InlineBytes()
            for position in 0..<RecordID.length { id.append(RecordID.digit(position, of: pointee.id)) }
            extensions.uniqueID = id
        }
        return extensions
    }
}

/// Where a leg to an upstream is dialled.
struct Destination {
    let socketAddress: SocketAddress
    /// Nil for a unix socket.
    let internet: InternetAddress?

    init(_ address: InternetAddress) {
        socketAddress = SocketAddress(address)
        internet = address
    }

    init?(unixPath path: String) {
        guard let address = SocketAddress(unixPath: path) else { return nil }
        socketAddress = address
        internet = nil
    }

    var isLoopback: Bool { internet?.ip.isLoopback ?? false }
}
