import NIOCore
import TailwartWire

// What tailscaled writes, read with tolerance: a key that is missing, null or of another type than today counts as not said. One
// peer that cannot be read must not take the others away.

extension TailnetStatus {
    /// Entries of `Health` that are kept, and bytes of each.
    private static let maximumHealth = (entries: 16, bytes: 300)

    /// - Throws: `notJSON` if this is no JSON object or says no `BackendState`, so is no status.
    init(json: ByteBuffer) throws(LocalAPIError) {
        let answer = try StatusAnswer.decoded(from: json)
        guard let state = answer.backendState else { throw .notJSON("it has no BackendState") }
        backendState = BackendState(state)
        usesTUN = answer.usesTUN ?? true
        own = answer.own.map { TailnetPeer($0, otherwise: answer.addresses) }
        if let own, own.name.isEmpty, own.addresses.isEmpty { self.own = nil }
        health = answer.health.prefix(Self.maximumHealth.entries).map { $0.printable(atMost: Self.maximumHealth.bytes) }
        suffix = answer.suffix.flatMap { TailnetName.normal($0) }
        peers = answer.peers.map { TailnetPeer($0) }.filter { !$0.name.isEmpty }.sorted { $0.name < $1.name }
    }
}

extension TailnetPeer {
    /// - Parameter otherwise: its addresses if the node itself does not say them.
    fileprivate init(_ node: NodeAnswer, otherwise: [String] = []) {
        let addresses = (node.addresses.isEmpty ? otherwise : node.addresses).compactMap { IPAddress($0) }
        self.init(
            name: node.dnsName.flatMap { TailnetName.normal($0) } ?? "",
            hostName: TailnetName.label(ofHost: node.hostName ?? ""),
            addresses: addresses.filter(\.isV4) + addresses.filter { !$0.isV4 },
            tags: node.tags.map { $0.printable(atMost: 100) }, isOnline: node.isOnline ?? false,
            isActive: node.isActive ?? false, keyExpiry: node.keyExpiry.flatMap { Timestamp.seconds($0) },
            isExpired: node.isExpired ?? false, lastHandshake: node.lastHandshake.flatMap { Timestamp.seconds($0) },
            created: node.created.flatMap { Timestamp.seconds($0) },
            path: TailnetPath(
                endpoint: node.currentAddress, peerRelay: node.peerRelay,
                region: node.isActive ?? false ? node.relay : nil))
    }
}

extension TailnetPath {
    /// An address of the peer counts before a peer relay, and that before DERP: `Relay` is the peer's home region and is said even
    /// when it is not in use.
    init(endpoint: String?, peerRelay: String?, region: String?) {
        if let endpoint, let address = InternetAddress(endpoint: endpoint) {
            self = .direct(address)
        } else if let peerRelay, !peerRelay.isEmpty {
            self = .peerRelay(peerRelay.printable(atMost: 80))
        } else if let region, !region.isEmpty {
            self = .derp(region.printable(atMost: 40))
        } else {
            self = .idle
        }
    }
}

extension TailnetPing {
    /// - Throws: `pingFailed` with tailscaled's reason, or `notJSON`.
    init(json: ByteBuffer) throws(LocalAPIError) {
        let answer = try PingAnswer.decoded(from: json)
        if let reason = answer.error, !reason.isEmpty { throw .pingFailed(reason.printable(atMost: 200)) }
        guard let seconds = answer.latency, seconds.isFinite, (0...3600).contains(seconds) else {
            throw .notJSON("it has no latency")
        }
        self.init(
            latency: .seconds(seconds),
            path: TailnetPath(endpoint: answer.endpoint, peerRelay: answer.peerRelay, region: answer.region))
    }
}

extension InternetAddress {
    /// `198.51.100.7:41641` or `[2001:db8::7]:41641`; the zone of a link-local address is dropped.
    fileprivate init?(endpoint: String) {
        guard let colon = endpoint.lastIndex(of: ":"), let port = UInt16(endpoint[endpoint.index(after: colon)...])
        else { return nil }
        var host = endpoint[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast().prefix { $0 != "%" } }
        guard let ip = IPAddress(host) else { return nil }
        self.init(ip, port: port)
    }
}
