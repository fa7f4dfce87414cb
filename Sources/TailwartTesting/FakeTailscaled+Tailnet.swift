import Foundation
package import TailwartWire

extension FakeTailscaled {
    /// What tailscaled knows, and how it behaves.
    package struct Tailnet: Sendable {
        /// `NoState`, `NeedsLogin`, `NeedsMachineAuth`, `Stopped`, `Starting`, `Running`, `InUseOtherUser`.
        package var backendState = "Running"
        /// False in userspace mode.
        package var usesTUN = true
        package var health: [String] = []
        package var controlURL = "https://controlplane.tailscale.com"
        /// Of MagicDNS names; anything with Headscale.
        package var suffix = "tail1234.ts.net"
        package var own = Node(
            "edge.tail1234.ts.net", [.v4(0x6440_0002), .v6(0xfd7a_115c_a1e0_0000, 2)], tags: ["tag:edge"])
        package var peers = [
            Node(
                "stalwart.tail1234.ts.net", [.v4(0x6440_0003), .v6(0xfd7a_115c_a1e0_0000, 3)], tags: ["tag:mailbox"])
        ]
        /// Where a dial ends, by `host:port` or by `host` for every port.
        package var dials: [String: Dial] = [:]
        /// What a dial to any other place comes to. Today's tailscaled tells the client to dial for itself.
        package var otherDials = Dial.selfDial
        /// Milliseconds; nil never answers.
        package var pingLatency: Double? = 12
        /// How every question is answered.
        package var manner = Manner.polite
        /// Whether one end of a dialled connection may finish before the other. tailscaled's own handler, as of 2025, ends both as
        /// soon as one has finished.
        package var keepsHalfClosed = true

        package init() {}

        /// The node with this name, to be changed.
        package subscript(name: String) -> Node? {
            get { peers.first { $0.name == name } }
            set {
                peers.removeAll { $0.name == name }
                if let newValue { peers.append(newValue) }
            }
        }
    }

    package struct Node: Sendable {
        /// Without the dot at the end.
        package var name: String
        /// What the node calls itself; the first label of the name if nil.
        package var hostName: String?
        package var addresses: [IPAddress]
        package var tags: [String]
        /// Where it is reached, with ports, as it has found out itself.
        package var found: [String] = []
        package var isOnline = true
        package var path = Path.idle
        /// The code of the region that it is at home in; said whatever the path.
        package var region = "fra"
        /// RFC 3339; nil for a key that does not expire.
        package var keyExpiry: String?
        package var isExpired = false
        package var lastHandshake = "0001-01-01T00:00:00Z"
        package var created = "2025-01-01T00:00:00.123456789Z"

        package init(_ name: String, _ addresses: [IPAddress], tags: [String] = []) {
            self.name = name
            self.addresses = addresses
            self.tags = tags
        }
    }

    package enum Path: Sendable {
        /// `198.51.100.7:41641`
        case direct(String)
        /// `198.51.100.8:7777:vni:1`
        case peerRelay(String)
        /// Over the region of the node.
        case derp
        case idle
        /// Over DERP for so many pings, and then directly to the address: a path begins there, and is worked out once there is traffic.
        case upgrading(String, pings: Int)
    }

    package enum Dial: Sendable {
        case to(InternetAddress)
        /// 200 with `Dial-Self: true`: no route of the tailnet goes there.
        case selfDial
        /// An HTTP status and text.
        case fails(Int, String)
        /// No answer.
        case hangs
    }

    /// How questions are answered. All but `polite` are for clients that must not believe what they read.
    package enum Manner: Sendable {
        case polite
        /// Every question is an error.
        case refuses(Int, String)
        /// Reads and says nothing.
        case silent
        /// These bytes in place of any answer, then the end.
        case raw([UInt8])
        /// These bytes one by one, so many milliseconds apart.
        case slow([UInt8], milliseconds: UInt32)
        /// The first bytes once and the others over and over, until the client has enough.
        case endless([UInt8], again: [UInt8])
    }
}

extension FakeTailscaled.Tailnet {
    /// The body of an answer to `status`, with the keys and the oddities of the real one.
    var status: [UInt8] {
        let isLoggedIn = backendState != "NeedsLogin" && backendState != "NoState"
        let own = isLoggedIn ? own.json : ["HostName": own.label, "DNSName": "", "TailscaleIPs": NSNull()]
        let addresses = isLoggedIn ? self.own.addresses.map { "\($0)" } : nil
        var peer: [String: Any] = [:]
        for (index, node) in peers.enumerated() { peer["nodekey:\(String(index, radix: 16))"] = node.json }
        return FakeTailscaled.text(of: [
            "Version": "1.102.3-tfake", "TUN": usesTUN, "BackendState": backendState, "HaveNodeKey": isLoggedIn,
            "AuthURL": "", "TailscaleIPs": addresses ?? NSNull(), "Self": own, "Health": health,
            "MagicDNSSuffix": suffix,
            "CurrentTailnet": isLoggedIn
                ? ["Name": "example.org", "MagicDNSSuffix": suffix, "MagicDNSEnabled": true] as [String: Any]
                : NSNull(),
            "CertDomains": NSNull(), "Peer": isLoggedIn && !peers.isEmpty ? peer : NSNull(), "User": NSNull(),
            "ClientVersion": NSNull(),
        ])
    }

    /// The body of an answer to `prefs`, of which only this is asked for.
    var prefs: [UInt8] { FakeTailscaled.text(of: ["ControlURL": controlURL, "WantRunning": true, "LoggedOut": false]) }

    /// The body of an answer to `ping`; nil if there is none.
    ///
    /// - Parameter number: how often the address was asked before.
    func ping(_ ip: String, number: Int) -> [UInt8]? {
        guard let node = peers.first(where: { $0.addresses.contains { "\($0)" == ip } }) else {
            return FakeTailscaled.text(of: ["IP": ip, "Err": "no matching peer"])
        }
        guard let pingLatency, node.isOnline, !node.isExpired else { return nil }
        var answer: [String: Any] = [
            "IP": ip, "NodeIP": ip, "NodeName": node.label, "LatencySeconds": pingLatency / 1000,
        ]
        switch node.path {
        case .direct(let address): answer["Endpoint"] = address
        case .peerRelay(let relay): answer["PeerRelay"] = relay
        case .upgrading(let address, let pings) where number >= pings: answer["Endpoint"] = address
        case .derp, .idle, .upgrading:
            answer["DERPRegionID"] = 4
            answer["DERPRegionCode"] = node.region
        }
        return FakeTailscaled.text(of: answer)
    }
}

extension FakeTailscaled.Node {
    var label: String { String(name.prefix { $0 != "." }) }

    fileprivate var json: [String: Any] {
        var node: [String: Any] = [
            "ID": "n\(abs(name.hashValue))CNTRL", "PublicKey": "nodekey:00", "HostName": hostName ?? label,
            "DNSName": name + ".", "OS": "linux", "UserID": 1, "TailscaleIPs": addresses.map { "\($0)" },
            "AllowedIPs": addresses.map { $0.isV4 ? "\($0)/32" : "\($0)/128" },
            "Addrs": found.isEmpty ? NSNull() : found as Any, "CurAddr": "",
            "Relay": region, "PeerRelay": "", "RxBytes": 0, "TxBytes": 0, "Created": created,
            "LastWrite": "0001-01-01T00:00:00Z", "LastSeen": "0001-01-01T00:00:00Z", "LastHandshake": lastHandshake,
            "Online": isOnline, "ExitNode": false, "ExitNodeOption": false, "Active": false, "PeerAPIURL": NSNull(),
            "InNetworkMap": true, "InMagicSock": true, "InEngine": false,
        ]
        if !tags.isEmpty { node["Tags"] = tags }
        if let keyExpiry { node["KeyExpiry"] = keyExpiry }
        if isExpired { node["Expired"] = true }
        switch path {
        case .direct(let address): node["CurAddr"] = address
        case .peerRelay(let relay): node["PeerRelay"] = relay
        case .derp, .idle, .upgrading: break
        }
        if case .idle = path {} else { node["Active"] = true }
        return node
    }
}

extension FakeTailscaled {
    fileprivate static func text(of value: [String: Any]) -> [UInt8] {
        (try? JSONSerialization.data(withJSONObject: value, options: .sortedKeys)).map { Array($0) } ?? []
    }
}
