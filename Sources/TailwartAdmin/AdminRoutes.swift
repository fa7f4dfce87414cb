import NIOHTTP1
import TailwartCore
import TailwartSystem
import TailwartWire

/// Whoever knows what to answer.
protocol AdminAnswering: Sendable {
    /// Whether the answer is there at once, without a lock or a wait.
    func isQuick(_ request: AdminRequest) -> Bool
    func answer(_ request: AdminRequest, from caller: AdminCaller) -> AdminRoutes.Outcome
}

/// Which page a request is for, and what is answered.
struct AdminRoutes: AdminAnswering {
    /// Begins a feed; what it is given is called when there is something to take again.
    typealias Subscribing = @Sendable (_ onNews: @escaping @Sendable () -> Void) -> any AdminFeed

    /// What follows from a request.
    enum Outcome: Sendable {
        case reply(AdminReply)
        /// It takes a while, and keeps no thread waiting: what is given is called once, from any thread.
        case later(@Sendable (@escaping @Sendable (AdminReply) -> Void) -> Void)
        /// Records and events, without an end.
        case stream(Subscribing)
    }

    private enum Page: Sendable {
        case index, live, ready, status, connections, events, metrics
        case bans, whyBanned
        case reload, probe, drain, logLevel, ban, pardon
        case close(String)

        init?(_ path: String) {
            switch path {
            case "/": self = .index
            case "/livez": self = .live
            case "/readyz": self = .ready
            case "/status": self = .status
            case "/connections": self = .connections
            case "/events": self = .events
            case "/metrics": self = .metrics
            case "/bans": self = .bans
            case "/bans/why": self = .whyBanned
            case "/bans/add": self = .ban
            case "/bans/remove": self = .pardon
            case "/reload": self = .reload
            case "/probe": self = .probe
            case "/drain": self = .drain
            case "/log-level": self = .logLevel
            default:
                guard let id = path.wholeMatch(of: /\/connections\/([^\/]+)\/close/)?.1 else { return nil }
                self = .close(String(id))
            }
        }

        /// Whether it changes something: asked by POST, and by GET otherwise.
        var isOrder: Bool {
            switch self {
            case .index, .live, .ready, .status, .connections, .events, .metrics, .bans, .whyBanned: false
            case .reload, .probe, .drain, .logLevel, .close, .ban, .pardon: true
            }
        }

        /// The variables that a request may have.
        var parameters: [String] {
            switch self {
            case .connections: ["client", "listener", "limit", "sort"]
            case .events: ["records"]
            case .reload: ["dry_run"]
            case .probe: ["upstream", "wait"]
            case .drain: ["for"]
            case .logLevel: ["level"]
            case .bans: ["limit"]
            case .whyBanned: ["address"]
            case .ban: ["network", "for", "reason"]
            case .pardon: ["network", "layer"]
            default: []
            }
        }

        /// The one of them that may stand several times.
        var list: String? { if case .probe = self { "upstream" } else { nil } }
    }

    func isQuick(_ request: AdminRequest) -> Bool {
        switch Page(request.path) {
        case .index, .live, .ready, .events, nil: true
        default: false
        }
    }

    private static let usualList = 100

    let view: AdminView

    func answer(_ request: AdminRequest, from caller: AdminCaller) -> Outcome {
        let page = Page(request.path)
        let rules = AdminRules(user: PeerCredentials.ownUser, names: view.hostNames())
        let isOrder = page?.isOrder ?? (request.method != "GET" && request.method != "HEAD")
        if let refusal = rules.refusal(of: request, from: caller, isOrder: isOrder) { return .reply(refusal) }
        guard let page else {
            return .reply(.refused(.notFound, "there is no page \(request.path.quoted)", fix: "See the list at /."))
        }
        guard page.isOrder ? request.method == "POST" : request.method == "GET" || request.method == "HEAD" else {
            let methods = page.isOrder ? "POST" : "GET, HEAD"
            var reply = AdminReply.refused(
                .methodNotAllowed, "\(request.path) is asked for with \(methods), not \(request.method.quoted)")
            reply.fields = [("Allow", methods)]
            return .reply(reply)
        }
        var seen: Set<String> = []
        for parameter in request.query {
            guard page.parameters.contains(parameter.name) else {
                let known = page.parameters.isEmpty ? "no variables" : page.parameters.listed
                return .reply(
                    .refused(.badRequest, "\(request.path) takes \(known), not \(parameter.name.quoted)"))
            }
            guard seen.insert(parameter.name).inserted || page.list == parameter.name else {
                return .reply(.refused(.badRequest, "\(parameter.name.quoted) stands twice"))
            }
        }
        switch page {
        case .events where request.method == "GET": return events(request)
        case .probe: return probe(request)
        default: return .reply(reply(page, request))
        }
    }

    private func probe(_ request: AdminRequest) -> Outcome {
        let upstreams = request.query.filter { $0.name == "upstream" }.map(\.value)
        let waits = request.query.first { $0.name == "wait" }.map { $0.value != "false" } ?? true
        guard waits else {
            return .reply(
                view.probe(upstreams) { _ in }.map(AdminReply.noProbe)
                    ?? .done("what is asked for is probed, and who asks does not wait for it"))
        }
        return .later { [view] give in
            if let problem = view.probe(upstreams, { give(.json(.ok, $0)) }) { give(.noProbe(problem)) }
        }
    }

    private func reply(_ page: Page, _ request: AdminRequest) -> AdminReply {
        func value(_ name: String) -> String? { request.query.first { $0.name == name }?.value }
        switch page {
        case .index: return request.has("text/html", in: "accept") ? .page : .text(.ok, Self.index)
        case .live: return .text(.ok, "ok")
        case .ready: return view.notReady().map { .text(.serviceUnavailable, $0) } ?? .text(.ok, "ok")
        case .status:
            let status = view.status()
            return request.has("text/plain", in: "accept")
                ? .text(.ok, StatusText(status.json).lines.joined(separator: "\n")) : .json(.ok, status)
        case .connections: return connections(value)
        case .metrics: return metrics(request)
        // HEAD: what GET would give. Probes were answered before.
        case .events, .probe: return AdminReply(status: .ok, contentType: AdminReply.streamType, body: "")
        case .reload: return reload(isTrial: value("dry_run").map { $0 != "false" } ?? false)
        case .drain: return drain(value("for"))
        case .logLevel: return logLevel(value("level"))
        case .close(let id): return close(id)
        case .bans: return bans { $0.list(value) }
        case .whyBanned: return bans { $0.why(value) }
        case .ban: return bans { $0.add(value) }
        case .pardon: return bans { $0.remove(value) }
        }
    }

    private func bans(_ reply: (AdminBanPages) -> AdminReply) -> AdminReply {
        guard let bans = view.bans else { return .refused(.notFound, "this edge has no bans") }
        return reply(AdminBanPages(bans: bans))
    }

    private func events(_ request: AdminRequest) -> Outcome {
        guard let text = request.query.first(where: { $0.name == "records" })?.value else { return stream(.all) }
        guard let wanted = RecordsWanted(rawValue: text) else {
            let all = RecordsWanted.allCases.map(\.rawValue).listed
            return .reply(.refused(.badRequest, "'records' must be one of \(all), not \(text.quoted)"))
        }
        return stream(wanted)
    }

    private func stream(_ wanted: RecordsWanted) -> Outcome { .stream { view.subscribe(wanted, $0) } }

    private func metrics(_ request: AdminRequest) -> AdminReply {
        let format = MetricsFormat.preferred(accept: request["accept"])
        return AdminReply(status: .ok, contentType: format.contentType, body: view.metrics(format))
    }

    private func connections(_ value: (String) -> String?) -> AdminReply {
        var filter = ConnectionFilter(listener: value("listener"), limit: Self.usualList)
        if let text = value("client") {
            guard let network = Network(text) else {
                return .refused(.badRequest, "'client' must be an address or a network, not \(text.quoted)")
            }
            filter.client = network
        }
        if let text = value("limit") {
            guard let limit = Int(text), ConnectionList.limits.contains(limit) else {
                let range = "\(ConnectionList.limits.lowerBound) to \(ConnectionList.limits.upperBound)"
                return .refused(.badRequest, "'limit' must be from \(range), not \(text.quoted)")
            }
            filter.limit = limit
        }
        if let text = value("sort") {
            guard let order = ConnectionFilter.Order(rawValue: text) else {
                return .refused(.badRequest, "'sort' must be age or bytes, not \(text.quoted)")
            }
            filter.order = order
        }
        return .json(.ok, view.connections(filter).answer)
    }

    private func close(_ text: String) -> AdminReply {
        guard let id = RecordID.read(text) else {
            return .refused(.badRequest, "an id has 16 hexadecimal digits, not \(text.quoted)")
        }
        switch view.close(id) {
        case true?: return .done("connection \(text) is closed")
        case false?:
            return .refused(
                .notFound, "there is no connection \(text)", fix: "It has ended, or see 'tailwart connections'.")
        case nil: return .refused(.serviceUnavailable, "a worker did not answer in time", fix: "Try again in a moment.")
        }
    }

    private func drain(_ text: String?) -> AdminReply {
        var limit: Duration?
        if let text {
            guard let duration = Duration(configurationText: text), Allowed.drain.contains(duration) else {
                let longest = Allowed.drain.upperBound.configurationText
                return .refused(
                    .badRequest, "'for' must be a duration such as 30s, of at most \(longest), not \(text.quoted)")
            }
            limit = duration
        }
        guard view.drain(limit) else { return .refused(.conflict, "the edge drains already, or is about to end") }
        return .done(
            "the edge accepts no new connections; open ones may finish"
                + (limit.map { " within \($0.configurationText)" } ?? "") + ", and then it ends")
    }

    private func logLevel(_ text: String?) -> AdminReply {
        let levels = EventLevel.allCases.map(\.rawValue).joined(separator: ", ")
        guard let level = text.flatMap(EventLevel.init) else {
            return .refused(.badRequest, "'level' must be one of \(levels)")
        }
        view.setLogLevel(level)
        return .done(
            "the log level is \(level.rawValue), until the edge restarts, or its file names another"
        )
    }

    private func reload(isTrial: Bool) -> AdminReply {
        guard let reload = view.reload else { return .refused(.notFound, "this edge has no file to reload") }
        let answer = reload(isTrial)
        return .json(answer.json["ok"]?.flag == true ? .ok : .conflict, answer)
    }

    private static let index = """
        The admin interface of a running edge. A browser sees a page here.

        GET  /livez                   the process answers
        GET  /readyz                  it accepts connections; 503 where it does not
        GET  /status                  as 'tailwart status'; with 'Accept: text/plain' for people
        GET  /connections             that are open; ?client=NETWORK&listener=NAME&sort=bytes&limit=100
        GET  /events                  records and events as they come (text/event-stream); ?records=unserved or none
        GET  /metrics                 for Prometheus
        GET  /bans                    who is banned, by whom and until when; ?limit=1000
        GET  /bans/why?address=IP     what is known of one address
        POST /bans/add?network=NET    bans it; &for=1h&reason=TEXT
        POST /bans/remove?network=NET lifts its bans; &layer=manual only those of that layer
        POST /reload                  reads the file again; ?dry_run says what would change
        POST /probe                   probes the mailbox now, and answers with the result; ?upstream=NAME, may be
                                      repeated; &wait=false does not wait
        POST /drain                   stops accepting, and exits when connections have ended; ?for=30s
        POST /log-level?level=debug   until the edge restarts
        POST /connections/ID/close
        """
}

extension AdminReply {
    fileprivate static func noProbe(_ problem: CommandAnswer.Problem) -> AdminReply {
        .json(.notFound, ProbeAnswer(problems: [problem]).answer)
    }

    fileprivate static func done(_ message: String) -> AdminReply {
        .json(.ok, CommandAnswer(isGood: true, problems: [], ["message": .text(message)]))
    }
}
