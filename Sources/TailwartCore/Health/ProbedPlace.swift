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

    /// - Parameter hasPort: whether the endpoint is written with its port.
    package init(upstream: String, endpoint: String, hasPort: Bool, port: UInt16, proto: ListenerProtocol) {
        self.upstream = upstream
        self.endpoint = endpoint
        self.port = port
        self.proto = proto
        name = hasPort || port == 0 ? endpoint : "\(endpoint):\(port)"
    }

    package init(_ place: Place.Key, endpoint: Endpoint, proto: ListenerProtocol) {
        self.init(
            upstream: place.upstream, endpoint: place.endpoint, hasPort: endpoint.port != nil, port: place.port,
            proto: proto)
    }

    /// For a person: `mailbox stalwart.tail1234.ts.net:25 (smtp)`.
    package func label(_ serverName: String?) -> String {
        "\(upstream) \(name) (\(proto.rawValue)\(proto == .https ? serverName.map { ", \($0)" } ?? "" : ""))"
    }

    /// Whether both are ports of the same endpoint.
    package func hasEndpoint(of other: ProbedPlace) -> Bool {
        upstream == other.upstream && endpoint == other.endpoint
    }
}
