import TailwartCore

/// A draft in the shape of our file: upstreams have names, routes name them.
struct Plan {
    struct PlannedUpstream {
        var name: String
        var upstream: DraftUpstream
        /// Endpoints without a port stand here without one: the route's or the listener's is dialled.
        var header: DraftHeader
        var places: [SourcePlace]
    }

    struct PlannedRoute {
        var match: DraftMatch
        /// Nil closes.
        var upstream: Int?
        /// Nil: the one that the client came to, or those of the endpoints.
        var port: String?
        /// Nil: the upstream's.
        var header: DraftHeader?
        var place: SourcePlace
    }

    struct PlannedListener {
        var name: String
        var proto: ListenerProtocol
        var routes: [PlannedRoute]
        /// Binds, timeouts, what there is to say.
        var draft: DraftListener
    }

    var maxConnections: Int?
    var upstreams: [PlannedUpstream] = []
    var listeners: [PlannedListener] = []
    var notes: [Finding]

    init(_ draft: Draft) {
        maxConnections = draft.maxConnections
        notes = draft.notes
        let shared = SharedUpstreams(draft.listeners)
        let planned = shared.planned
        upstreams = planned
        var names = UniqueNames()
        listeners = draft.listeners.map { listener in
            let proto = listener.proto
            let name = names.take(listener.name ?? proto.rawValue)
            let routes = listener.routes.map { route in
                guard case .dial(let dial) = route.target, let (index, port) = shared.find(route, of: listener) else {
                    return PlannedRoute(match: route.match, place: route.place)
                }
                let header = dial.header == planned[index].header ? nil : dial.header
                return PlannedRoute(match: route.match, upstream: index, port: port, header: header, place: route.place)
            }
            return PlannedListener(name: name, proto: proto, routes: routes, draft: listener)
        }
    }
}

/// Names for upstreams and listeners in the form that ours have: 1 to 63 letters, digits, `-`, `_`, `.`.
struct UniqueNames {
    private var taken: Set<String> = ["close"]

    mutating func take(_ wish: String) -> String {
        let isAllowed = { (scalar: Unicode.Scalar) in
            scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        }
        var name = ""
        for scalar in wish.unicodeScalars.prefix(50) {
            let isGood = isAllowed(scalar) || (!name.isEmpty && "-_.".unicodeScalars.contains(scalar))
            if isGood {
                name.unicodeScalars.append(scalar)
            } else if !name.isEmpty, name.last != "-" {
                name += "-"
            }
        }
        while name.last == "-" { name.removeLast() }
        if name.isEmpty { name = "unnamed" }
        var candidate = name
        var number = 2
        while !taken.insert(candidate).inserted {
            candidate = "\(name)-\(number)"
            number += 1
        }
        return candidate
    }
}
