import TailwartCore
import TailwartSystem
import TailwartWire

/// What a session's snapshot says about it.
extension UnsafeMutablePointer where Pointee == Session {
    var snapshot: Snapshot { pointee.snapshot.takeUnretainedValue() }
    var hello: ClientHello? { pointee.hello?.takeUnretainedValue().hello }
    var plan: ListenerPlan { snapshot.plans[Int(pointee.listener)] }

    /// Takes down what the matched route asks for.
    ///
    /// - Returns: false if it asks to close.
    func take(route index: Int) -> Bool {
        let snapshot = snapshot
        let route = snapshot.listeners[Int(pointee.listener)].routes[index]
        pointee.route = Int16(index)
        guard case .upstream(let number, let port) = route.target else { return false }
        pointee.upstreamNumber = Int16(number)
        pointee.routePort = port ?? 0
        pointee.header = route.proxyProtocol
        let upstream = snapshot.upstreams[number]
        let plan = plan
        pointee.connectLimit = upstream.connectTimeout?.microseconds ?? plan.connectLimit
        pointee.group = Int32(plan.group(route: index, port: pointee.listenerPort))
        switch upstream.via {
        case .direct: break
        case .socks5: pointee.carrier = .socks
        case .tailscale: pointee.carrier = .tailscale
        }
        return true
    }

    /// The upstream of the route; there is one from the dial phase on.
    var target: Upstream { snapshot.upstreams[Int(pointee.upstreamNumber)] }

    /// Whether the edge has something of its own to send as soon as the upstream is connected.
    var edgeSpeaksFirst: Bool { pointee.carrier != .none || pointee.header.version != .none }

    /// The endpoint's place on the health board.
    func place(of endpoint: Int) -> Int { snapshot.board.groups[Int(pointee.group)].places[endpoint] }

    /// The port to dial at an endpoint.
    func port(of endpoint: Endpoint) -> UInt16 {
        pointee.routePort != 0 ? pointee.routePort : endpoint.port ?? pointee.listenerPort
    }

    /// Where to connect for the present address of an endpoint; nil when it has no (further) address.
    func destination(of upstream: Upstream, endpoint index: Int) -> Destination? {
        let position = Int(pointee.address)
        switch upstream.via {
        case .direct: break
        case .socks5(let proxy): return position == 0 ? Destination(proxy) : nil
        case .tailscale(let socket): return position == 0 ? Destination(unixPath: socket) : nil
        }
        let endpoint = upstream.endpoints[index]
        switch endpoint.location {
        case .addresses(let addresses):
            guard position < addresses.count else { return nil }
            return Destination(
                InternetAddress(addresses[position], port: port(of: endpoint)))
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
