import TailwartCore
import TailwartWire

/// Where the parts of a configuration stand in the file, for the checks that need the whole of it.
package struct FilePositions {
    package enum Part: Hashable, Sendable {
        /// All of it.
        case file
        /// Its name.
        case upstream(String)
        case endpoints(upstream: String)
        case upstreamProxyProtocol(String)
        case via(upstream: String)
        case warm(upstream: String)
        case listener(Int)
        case bind(listener: Int, Int)
        case route(listener: Int, Int)
        case target(listener: Int, route: Int)
        case routeProxyProtocol(listener: Int, route: Int)
        /// The first condition of a match that needs the ClientHello.
        case helloMatch(listener: Int, route: Int)
    }

    private var positions: [Part: TextPosition] = [:]
    /// The upstreams that routes name, of those too that could not be read.
    private(set) var targets: [(upstream: String, position: TextPosition)] = []

    subscript(part: Part) -> TextPosition? {
        get { positions[part] }
        set { positions[part] = newValue }
    }

    mutating func note(_ target: Route.Target, at position: TextPosition?) {
        if let name = target.upstreamName, let position { targets.append((name, position)) }
    }

    /// Names of upstreams in the file, of those too that could not be read: they shall not be called unknown as well.
    var upstreamNames: [String] {
        positions.keys.compactMap { if case .upstream(let name) = $0 { name } else { nil } }.sorted()
    }
}
