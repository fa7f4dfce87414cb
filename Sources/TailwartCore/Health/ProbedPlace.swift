/// A place that is probed, as people and programs are told of it.
package struct ProbedPlace: Sendable, Hashable {
    package let upstream: String
    /// As the operator wrote it.
    package let endpoint: String
    /// 0 for a Unix socket.
    package let port: UInt16
    package let proto: ListenerProtocol
    /// The endpoint with its port.
    private let name: String
    /// Of a Unix socket its path.
    package let host: String

    /// - Parameter hasPort: whether the endpoint is written with its port.
    package init(upstream: String, endpoint: String, hasPort: Bool, port: UInt16, proto: ListenerProtocol) {
        self.upstream = upstream
        self.endpoint = endpoint
        self.port = port
        self.proto = proto
        name = hasPort || port == 0 ? endpoint : "\(endpoint):\(port)"
        let bare = hasPort ? String(endpoint.prefix(max(0, endpoint.count - "\(port)".count - 1))) : endpoint
        host = bare.hasPrefix("[") && bare.hasSuffix("]") ? String(bare.dropFirst().dropLast()) : bare
    }

    package init(_ place: Place.Key, endpoint: Endpoint, proto: ListenerProtocol) {
        self.init(
            upstream: place.upstream, endpoint: place.endpoint, hasPort: endpoint.port != nil, port: place.port,
            proto: proto)
    }

    package var key: Place.Key { Place.Key(upstream: upstream, endpoint: endpoint, port: port) }

    /// For a person: `mailbox stalwart.tail1234.ts.net:25 (smtp)`.
    package func label(_ serverName: String?) -> String {
        "\(upstream) \(name) (\(proto.rawValue)\(proto == .https ? serverName.map { ", \($0)" } ?? "" : ""))"
    }

    /// The same behind another port of the same endpoint: `:465 (submissions)`.
    func portLabel(_ serverName: String?) -> String {
        ":\(port) (\(proto.rawValue)\(proto == .https ? serverName.map { ", \($0)" } ?? "" : ""))"
    }

    /// Whether both are ports of the same endpoint.
    package func hasEndpoint(of other: ProbedPlace) -> Bool {
        upstream == other.upstream && endpoint == other.endpoint
    }
}
