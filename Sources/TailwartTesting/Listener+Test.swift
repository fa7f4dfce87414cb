package import TailwartCore
package import TailwartWire

extension Listener {
    /// On a free port of 127.0.0.1, without words for a refusal; everything goes to the first upstream unless routes say otherwise.
    package static func test(
        _ proto: ListenerProtocol = .tcp, bind: [BindAddress] = [.freePort], routes: [Route] = [.toFirst()],
        timeouts: Timeouts = Timeouts(idle: .seconds(60)), proxyProtocolIn: ProxyProtocolIn? = nil,
        maxConnections: Int? = nil, refusal: Refusal = Refusal(host: "edge.example.org")
    ) -> Listener {
        Listener(
            name: "test", bind: bind, proto: proto, routes: routes, timeouts: timeouts,
            proxyProtocolIn: proxyProtocolIn, maxConnections: maxConnections, refusal: refusal)
    }
}

extension BindAddress {
    package static var freePort: BindAddress { .internet(InternetAddress(.loopbackV4, port: 0)) }
}

extension Route {
    /// To the first upstream.
    package static func toFirst(_ match: RouteMatch? = nil, header: ProxyProtocolOut = .init(.none)) -> Route {
        Route(match: match, target: .upstream(0, port: nil), proxyProtocol: header)
    }
}

extension Endpoint {
    package static func test(_ address: InternetAddress, isBackup: Bool = false) -> Endpoint {
        Endpoint(
            name: "\(address)", location: .addresses([address.ip]), port: address.port, isBackup: isBackup)
    }

    package static func test(unixPath path: String) -> Endpoint {
        Endpoint(name: "unix:\(path)", location: .unix(path: path))
    }
}

extension Upstream {
    /// One endpoint for each address.
    package static func test(_ addresses: InternetAddress...) -> Upstream {
        Upstream(name: "test", endpoints: addresses.map { .test($0) })
    }

    package static func test(unixPath path: String) -> Upstream {
        Upstream(name: "test", endpoints: [.test(unixPath: path)])
    }
}
