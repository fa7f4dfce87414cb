import NIOCore
import TailwartWire

// What tailscaled writes, read with tolerance: a key that is missing, null or of another type than today counts as not said. One
// peer that cannot be read must not take the others away.

extension TailnetStatus {
    /// Entries of `Health` that are kept, and bytes of each.
    private static let maximumHealth = (entries: 16, bytes: 300)

    /// Entries of `Addrs` that are looked at: a host has a few for each interface.
    private static let maximumAddresses = 64

    /// - Throws: `notJSON` if this is no JSON object or says no `BackendState`, so is no status.
    init(json: ByteBuffer) throws(LocalAPIError) {
        let answer = try JSON(answer: json)
        guard let state = answer["BackendState"]?.text else { throw .notJSON("it has no BackendState") }
        backendState = BackendState(state)
        usesTUN = answer["TUN"]?.flag ?? true
        own = answer["Self"].flatMap { TailnetPeer($0, otherwise: answer.texts("TailscaleIPs")) }
        outerAddresses = (answer["Self"]?.texts("Addrs") ?? []).prefix(Self.maximumAddresses)
            .compactMap { InternetAddress(endpoint: $0)?.ip }
            .filter { $0.reach == .everywhere }
        if let own, own.name.isEmpty, own.addresses.isEmpty { self.own = nil }
        health = answer.texts("Health").prefix(Self.maximumHealth.entries)
            .map { $0.printable(atMost: Self.maximumHealth.bytes) }
        suffix = (answer["CurrentTailnet"]?["MagicDNSSuffix"]?.text ?? answer["MagicDNSSuffix"]?.text)
            .flatMap { TailnetName.normal($0) }
        peers = (answer["Peer"]?.members ?? []).compactMap { TailnetPeer($0.value) }.filter { !$0.name.isEmpty }
            .sorted { $0.name < $1.name }
    }
}

extension TailnetPeer {
    /// - Parameter otherwise: its addresses if the node itself does not say them.
    fileprivate init?(_ node: JSON, otherwise: [String] = []) {
        guard node.members != nil else { return nil }
        let told = node.texts("TailscaleIPs")
        let addresses = (told.isEmpty ? otherwise : told).compactMap { IPAddress($0) }
        let isActive = node["Active"]?.flag ?? false
        let time = { (key: String) in node[key]?.text.flatMap { UTCTime(rfc3339: $0)?.seconds } }
        self.init(
            name: node["DNSName"]?.text.flatMap { TailnetName.normal($0) } ?? "",
            hostName: TailnetName.label(ofHost: node["HostName"]?.text ?? ""),
            addresses: addresses.filter(\.isV4) + addresses.filter { !$0.isV4 },
            tags: node.texts("Tags").map { $0.printable(atMost: 100) }, isOnline: node["Online"]?.flag ?? false,
            isActive: isActive, keyExpiry: time("KeyExpiry"), isExpired: node["Expired"]?.flag ?? false,
            lastHandshake: time("LastHandshake"), created: time("Created"),
            path: TailnetPath(
                endpoint: node["CurAddr"]?.text, peerRelay: node["PeerRelay"]?.text,
                region: isActive ? node["Relay"]?.text : nil))
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
        let answer = try JSON(answer: json)
        if let reason = answer["Err"]?.text, !reason.isEmpty { throw .pingFailed(reason.printable(atMost: 200)) }
        guard let seconds = answer["LatencySeconds"]?.double, seconds.isFinite, (0...3600).contains(seconds) else {
            throw .notJSON("it has no latency")
        }
        self.init(
            latency: .seconds(seconds),
            path: TailnetPath(
                endpoint: answer["Endpoint"]?.text, peerRelay: answer["PeerRelay"]?.text,
                region: answer["DERPRegionCode"]?.text))
    }
}

extension JSON {
    /// - Throws: `notJSON` if this is no JSON object.
    init(answer: ByteBuffer) throws(LocalAPIError) {
        // How long an answer may be is the exchange's business.
        let options = JSONReader.Options(byteLimit: .max)
        guard let value = try? JSONReader.read(Array(answer.readableBytesView).span, options), value.members != nil
        else { throw .notJSON("it is not a JSON object") }
        self = value
    }

    /// The texts of a list; nothing of what else is in it.
    fileprivate func texts(_ key: String) -> [String] { self[key]?.list?.compactMap(\.text) ?? [] }
}

extension InternetAddress {
    /// `198.51.100.7:41641` or `[2001:db8::7]:41641`; the zone of a link-local address is dropped.
    fileprivate init?(endpoint: String) {
        guard let parts = try? HostAndPortText(endpoint), let port = parts.port.flatMap({ UInt16($0) }),
            let ip = IPAddress(parts.host.prefix { $0 != "%" || !parts.isBracketed })
        else { return nil }
        self.init(ip, port: port)
    }
}
