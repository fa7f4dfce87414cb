import TailwartCore
import TailwartSystem
import TailwartWire

/// What a session's snapshot says about it.
extension UnsafeMutablePointer where Pointee == Session {
    var snapshot: Snapshot { pointee.snapshot.takeUnretainedValue() }
    var listener: Listener { snapshot.listeners[Int(pointee.listener)] }
    var routeTable: RouteTable { snapshot.routeTables[Int(pointee.listener)] }

    /// The route that was matched, nil before.
    var matchedRoute: Route? {
        pointee.route < 0 ? nil : snapshot.listeners[Int(pointee.listener)].routes[Int(pointee.route)]
    }

    /// The upstream of the route, nil if it closes.
    var target: (upstream: Int, port: UInt16?)? {
        guard case .upstream(let number, let port) = matchedRoute?.target else { return nil }
        return (number, port)
    }

    var connectTimeout: Duration {
        guard let (number, _) = target else { return Timeouts.defaultConnect }
        let snapshot = snapshot
        return snapshot.upstreams[number].connectTimeout ?? snapshot.listeners[Int(pointee.listener)].timeouts.connect
    }

    var socksProxy: InternetAddress? {
        guard let (number, _) = target, case .socks5(let proxy) = snapshot.upstreams[number].via else { return nil }
        return proxy
    }

    var usesSOCKS: Bool { socksProxy != nil }

    /// Where to connect for the present address of an endpoint; nil when it has no (further) address.
    func destination(of upstream: Upstream, endpoint index: Int, port: UInt16?) -> Destination? {
        let position = Int(pointee.address)
        if case .socks5(let proxy) = upstream.via {
            return position == 0 ? Destination(proxy) : nil
        }
        let endpoint = upstream.endpoints[index]
        switch endpoint.location {
        case .addresses(let addresses):
            guard position < addresses.count else { return nil }
            return Destination(
                InternetAddress(addresses[position], port: port ?? endpoint.port ?? pointee.listenerPort))
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
        guard let wanted = matchedRoute?.proxyProtocol, wanted.version != .none else { return 0 }
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

    func token(in worker: Worker, _ side: Side) -> SessionToken {
        SessionToken(
            index: pointee.index, generation: worker.sessions.generation(of: pointee.index),
            isUpstream: side == .upstream)
    }

    private func extensions(_ wanted: ProxyProtocolOut.TLVs) -> ProxyExtensions {
        var extensions = ProxyExtensions()
        extensions.crc32c = wanted.contains(.crc32c)
        if wanted.contains(.authority) { extensions.authority = pointee.hello?.pointee.serverName }
        if wanted.contains(.alpn), var offered = pointee.hello?.pointee.alpn.makeIterator() {
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

extension Duration {
    /// Whole microseconds; 0 for a negative duration.
    var microseconds: UInt64 {
        UInt64(max(0, components.seconds)) * 1_000_000 + UInt64(max(0, components.attoseconds / 1_000_000_000_000))
    }
}
