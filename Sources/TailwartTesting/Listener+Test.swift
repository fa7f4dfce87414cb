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
        .to(0, match, header: header)
    }

    /// To an upstream by its position, as the harness names it.
    package static func to(
        _ upstream: Int, port: UInt16? = nil, _ match: RouteMatch? = nil, header: ProxyProtocolOut = .init(.none)
    ) -> Route {
        Route(match: match, to: .upstream(Upstream.testName(upstream), port: port), proxyProtocol: header)
    }
}

extension Endpoint {
    package static func test(_ address: InternetAddress, isBackup: Bool = false) -> Endpoint {
        Endpoint(.address(address.ip), port: address.port, isBackup: isBackup)
    }

    /// A name that stands for these addresses: whoever resolves it for a test reads them off it, see ``addresses(ofTestName:)``.
    package static func test(named addresses: [IPAddress], port: UInt16) -> Endpoint {
        Endpoint(.name(addresses.map { "\($0)" }.joined(separator: ",")), port: port)
    }

    package static func addresses(ofTestName name: String) -> [IPAddress] {
        name.split(separator: ",").compactMap { IPAddress($0) }
    }
}

extension Upstream {
    /// One endpoint for each address.
    package static func test(_ addresses: InternetAddress...) -> Upstream {
        Upstream(name: "test", endpoints: addresses.map { .test($0) })
    }

    package static func test(unixPath path: String) -> Upstream {
        Upstream(name: "test", endpoints: [Endpoint(.unix(path: path))])
    }

    /// Tests name upstreams by position.
    package static func testName(_ position: Int) -> String { "upstream\(position)" }
}
