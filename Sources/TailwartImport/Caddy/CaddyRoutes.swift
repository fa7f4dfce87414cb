import TailwartCore

/// The routes of one server, flattened: what stands in a subroute or behind a PROXY header becomes one list.
struct CaddyRoutes {
    private struct Flat {
        var route: DraftRoute
        /// Whether a PROXY header has been read before it.
        var isBehindHeader: Bool
    }

    private var flat: [Flat] = []
    private(set) var inbound: ProxyProtocolIn?
    private(set) var inboundPlace: SourcePlace?
    /// The matching timeout of a subroute.
    var innerTimeout: JSONElement?

    /// Routes from here on have a PROXY header before them.
    private var isBehindHeader = false

    mutating func add(_ matches: [DraftMatch], _ dial: DraftDial?, at place: SourcePlace, behindHeader: Bool) {
        for match in matches {
            flat.append(
                Flat(
                    route: DraftRoute(match: match, dial: dial, place: place),
                    isBehindHeader: behindHeader || isBehindHeader))
        }
    }

    /// Reads a header from now on.
    ///
    /// - Parameter forAll: whether routes that follow in the same list have it before them too.
    /// - Returns: false if another one has been read already with other settings.
    mutating func expectHeader(_ header: ProxyProtocolIn, forAll: Bool, at place: SourcePlace) -> Bool {
        if let inbound, inbound != header { return false }
        inbound = header
        inboundPlace = inboundPlace ?? place
        if forAll { isBehindHeader = true }
        return true
    }

    /// The routes; a header is required of every connection or of none.
    func settled(_ findings: Findings) -> [DraftRoute] {
        guard inbound != nil else {
            for route in flat.map(\.route) where route.match.asksForHeader {
                findings.refuse(
                    "a client's PROXY header is not told apart and passed on as it is; read it with the handler "
                        + "'proxy_protocol', and send one with 'proxy_protocol' of 'proxy'", at: route.place)
            }
            return flat.map(\.route)
        }
        for route in flat where !route.isBehindHeader {
            if route.route.dial == nil {
                findings.note(
                    "closed before a PROXY header is read; left out: a listener with 'proxy_protocol_in' closes everyone who "
                        + "is not trusted", at: route.route.place)
            } else {
                findings.refuse(
                    "connections with and without a PROXY header on one port; here a listener requires it of all: give the "
                        + "others a port of their own", at: route.route.place)
            }
        }
        return flat.filter(\.isBehindHeader).map(\.route)
    }
}
