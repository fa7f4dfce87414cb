package import TailwartWire

/// What the edge itself says to an upstream, byte for byte.
extension Connection {
    /// Bytes of the longest message.
    package static let maximumMessageLength = max(
        ProxyHeader.maximumWrittenLength, SOCKS5.maximumRequestLength, TailscaleDial.maximumRequestLength)

    /// Whether the header must name the address that the client came to, which only the socket knows.
    package var needsDestination: Bool { destination == nil && record.client != nil }

    /// Whether bytes of the client, which were seen in its socket, follow the message at once.
    package func hasMore(behind message: Action.Message) -> Bool {
        guard case .proxyHeader = message else { return false }
        return record.hello != nil
    }

    package mutating func learn(destination: InternetAddress?) { self.destination = destination }

    /// Writes a message; the memory holds at least ``maximumMessageLength`` bytes.
    ///
    /// - Returns: its length.
    package func write(_ message: Action.Message, into memory: inout MutableSpan<UInt8>) -> Int {
        switch message {
        case .proxyHeader: writeProxyHeader(into: &memory)
        case .socksGreeting: SOCKS5.writeGreeting(into: &memory)
        case .socksRequest: SOCKS5.writeConnect(to: farEnd, into: &memory)
        case .dialRequest: writeDialRequest(into: &memory)
        }
    }

    private func writeProxyHeader(into memory: inout MutableSpan<UInt8>) -> Int {
        let wanted = header
        guard let client = record.client, let destination = destination else {
            // A client on a unix socket has no address to tell.
            return wanted.version == .v1
                ? ProxyHeader.writeV1Unknown(into: &memory) : ProxyHeader.writeV2Local(into: &memory)
        }
        if wanted.version == .v1 {
            return ProxyHeader.writeV1(client: client, destination: destination, into: &memory)
        }
        let extensions = wanted.tlvs.isEmpty ? ProxyExtensions() : extensions(wanted.tlvs)
        return ProxyHeader.writeV2(client: client, destination: destination, extensions: extensions, into: &memory)
    }

    private func extensions(_ wanted: ProxyProtocolOut.TLVs) -> ProxyExtensions {
        let hello = record.hello?.takeUnretainedValue().hello
        var extensions = ProxyExtensions()
        extensions.crc32c = wanted.contains(.crc32c)
        if wanted.contains(.authority) { extensions.authority = hello?.serverName }
        if wanted.contains(.alpn), var offered = hello?.alpn.makeIterator() {
            // The one that the server will choose is not known here: the client's first choice.
            extensions.alpn = offered.next()
        }
        if wanted.contains(.uniqueID) {
            var id = InlineBytes()
            for position in 0..<RecordID.length { id.append(RecordID.digit(position, of: record.id)) }
            extensions.uniqueID = id
        }
        return extensions
    }

    private func writeDialRequest(into memory: inout MutableSpan<UInt8>) -> Int {
        let (host, port) =
            switch farEnd {
            case .name(let name, let port): (name, port)
            case .address(let address): (InlineBytes("\(address.ip)"), address.port)
            }
        return TailscaleDial.writeRequest(host: host, port: port, into: &memory)
    }

    /// What whoever stands on the way is to connect to.
    private var farEnd: SOCKS5.Destination {
        guard case .passing(let dial, _) = phase else { preconditionFailure("nobody stands on the way") }
        let port = passage.port(of: Int(dial.endpoint), doorPort: doorPort)
        return switch passage.backend.endpoints[Int(dial.endpoint)].location {
        case .host(let name): .name(InlineBytes(name), port: port)
        case .addresses(let addresses): .address(InternetAddress(addresses.first ?? .anyV4, port: port))
        // The check of the configuration forbids a Unix socket behind a proxy.
        case .unix: .name(InlineBytes(), port: port)
        }
    }
}

extension Passage {
    /// The port to dial at an endpoint.
    func port(of endpoint: Int, doorPort: UInt16) -> UInt16 {
        let port = places[endpoint].key.port
        // The file leaves the choice of the listener's port to the kernel, and the endpoint takes that over.
        return port == 0 ? doorPort : port
    }
}
