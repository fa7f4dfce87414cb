import FoundationEssentials
import NIOCore

// tailscaled's answers under the keys that it writes. All is optional: see `TailnetStatus+JSON`.

struct StatusAnswer: Decodable {
    let backendState: String?
    let usesTUN: Bool?
    let own: NodeAnswer?
    let addresses: [String]
    let health: [String]
    let suffix: String?
    let peers: [NodeAnswer]

    init(from decoder: any Decoder) throws {
        let answer = try decoder.container(keyedBy: Key.self)
        backendState = answer.value("BackendState")
        usesTUN = answer.value("TUN")
        own = answer.value("Self")
        addresses = answer.list("TailscaleIPs")
        health = answer.list("Health")
        let tailnet = try? answer.nestedContainer(keyedBy: Key.self, forKey: "CurrentTailnet")
        suffix = tailnet?.value("MagicDNSSuffix") ?? answer.value("MagicDNSSuffix")
        let peers: [String: Tolerant<NodeAnswer>]? = answer.value("Peer")
        self.peers = peers?.values.compactMap(\.value) ?? []
    }
}

struct NodeAnswer: Decodable {
    let dnsName: String?
    let hostName: String?
    let addresses: [String]
    let tags: [String]
    let currentAddress: String?
    let relay: String?
    let peerRelay: String?
    let isOnline: Bool?
    let isActive: Bool?
    let isExpired: Bool?
    let keyExpiry: String?
    let lastHandshake: String?
    let created: String?

    init(from decoder: any Decoder) throws {
        let node = try decoder.container(keyedBy: Key.self)
        dnsName = node.value("DNSName")
        hostName = node.value("HostName")
        addresses = node.list("TailscaleIPs")
        tags = node.list("Tags")
        currentAddress = node.value("CurAddr")
        relay = node.value("Relay")
        peerRelay = node.value("PeerRelay")
        isOnline = node.value("Online")
        isActive = node.value("Active")
        isExpired = node.value("Expired")
        keyExpiry = node.value("KeyExpiry")
        lastHandshake = node.value("LastHandshake")
        created = node.value("Created")
    }
}

struct PingAnswer: Decodable {
    let error: String?
    let latency: Double?
    let endpoint: String?
    let peerRelay: String?
    let region: String?

    init(from decoder: any Decoder) throws {
        let answer = try decoder.container(keyedBy: Key.self)
        error = answer.value("Err")
        latency = answer.value("LatencySeconds")
        endpoint = answer.value("Endpoint")
        peerRelay = answer.value("PeerRelay")
        region = answer.value("DERPRegionCode")
    }
}

/// A value that is nil where it cannot be read, so that its neighbours can be.
private struct Tolerant<Value: Decodable>: Decodable {
    let value: Value?

    init(from decoder: any Decoder) throws { value = try? Value(from: decoder) }
}

private struct Key: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init(stringLiteral value: String) { stringValue = value }
    init?(intValue: Int) { nil }
}

extension KeyedDecodingContainer<Key> {
    fileprivate func value<Value: Decodable>(_ key: Key) -> Value? { try? decode(Value.self, forKey: key) }

    fileprivate func list(_ key: Key) -> [String] {
        let list: [Tolerant<String>]? = value(key)
        return list?.compactMap(\.value) ?? []
    }
}

extension Decodable {
    /// - Throws: `notJSON` if this is no JSON object.
    static func decoded(from json: ByteBuffer) throws(LocalAPIError) -> Self {
        do {
            return try JSONDecoder().decode(Self.self, from: Data(json.readableBytesView))
        } catch {
            throw .notJSON("it is no JSON object")
        }
    }
}
