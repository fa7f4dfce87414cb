import TailwartCore
import TailwartWire

/// A plan that is exactly one mailbox, its domains and a web server: what our short form says in a few lines.
struct ShortForm {
    private let plan: Plan
    private let mailbox: Plan.PlannedUpstream
    private let web: Plan.PlannedUpstream?
    private var ports: [(listen: String, dial: String?)] = []
    private let bind: [String]
    private let https: Plan.PlannedListener?
    private var domains: [String] = []
    private var otherNames: [String] = []
    private let settings: DraftListener
    /// What the short form adds to what the file says.
    private(set) var additions: [Finding] = []

    /// Nil if the plan is anything else.
    init?(_ plan: Plan) {
        self.plan = plan
        let mail = plan.listeners.filter { $0.routes.count == 1 && $0.routes[0].match.isAlways }
        let others = plan.listeners.filter { !($0.routes.count == 1 && $0.routes[0].match.isAlways) }
        guard let index = mail.first?.routes[0].upstream, others.count <= 1,
            mail.allSatisfy({ $0.routes[0].upstream == index && $0.routes[0].header == nil })
        else { return nil }
        mailbox = plan.upstreams[index]
        https = others.first
        guard mailbox.upstream.endpoints.allSatisfy({ !$0.isUnix && $0.port == nil }) else { return nil }

        guard let hosts = Self.commonHosts(of: plan.listeners.map(\.draft)) else { return nil }
        bind = hosts
        for listener in mail {
            let port = listener.draft.binds[0].port
            let dialled = listener.routes[0].port
            guard let number = UInt16(port), dialled.map({ UInt16($0) != nil }) ?? true else { return nil }
            let known = dialled.flatMap { UInt16($0) }.flatMap { ListenerProtocol(wellKnownPort: $0) }
            guard listener.proto == ListenerProtocol(wellKnownPort: number) ?? known ?? .tcp else { return nil }
            ports.append((port, dialled))
        }
        guard let settings = Self.commonSettings(of: plan.listeners) else { return nil }
        self.settings = settings

        var web: Plan.PlannedUpstream?
        if let https {
            guard https.proto == .https, let names = Self.names(of: https, to: index) else { return nil }
            if https.routes.count == 2, let webIndex = https.routes[1].upstream {
                guard webIndex != index, https.routes[1].port == nil, https.routes[1].header == nil,
                    plan.upstreams[webIndex].upstream.endpoints.count == 1
                else { return nil }
                web = plan.upstreams[webIndex]
            }
            self.web = web
            takeDomains(from: names)
            guard !domains.isEmpty else { return nil }
        } else {
            self.web = nil
        }
        guard plan.upstreams.count == (web == nil ? 1 : 2) else { return nil }
    }

    /// The addresses of all listeners where they are the same; empty for all addresses.
    private static func commonHosts(of drafts: [DraftListener]) -> [String]? {
        guard let first = drafts.first else { return nil }
        let hosts = first.binds.map(\.host)
        for draft in drafts {
            guard draft.binds.map(\.host) == hosts, Set(draft.binds.map(\.port)).count == 1,
                !draft.binds.contains(where: \.isUnix)
            else { return nil }
        }
        if hosts == [""] { return [] }
        return hosts.allSatisfy { IPAddress($0) != nil } ? hosts : nil
    }

    /// Timeouts and the like, where all listeners have the same. Only a listener that reads hellos asks for that timeout.
    private static func commonSettings(of listeners: [Plan.PlannedListener]) -> DraftListener? {
        guard var common = listeners.first?.draft else { return nil }
        for draft in listeners.map(\.draft) {
            guard draft.idle == common.idle, draft.halfClosed == common.halfClosed,
                draft.proxyProtocolIn == common.proxyProtocolIn, draft.maxConnections == common.maxConnections
            else { return nil }
            common.hello = common.hello ?? draft.hello
        }
        return common
    }

    /// The server names of the route to the mailbox, where that and one for everything else are the only ones.
    private static func names(of https: Plan.PlannedListener, to mailbox: Int) -> [String]? {
        guard let first = https.routes.first, first.upstream == mailbox, !first.match.serverNames.isEmpty,
            first.match == DraftMatch(serverNames: first.match.serverNames)
        else { return nil }
        let rest = https.routes.dropFirst()
        guard rest.count <= 1, rest.allSatisfy(\.match.isAlways) else { return nil }
        return first.match.serverNames
    }

    /// A domain is one of which every name is there that mail programs and senders look up. The newest of them may be
    /// missing, as in files that are older than it.
    private mutating func takeDomains(from names: [String]) {
        let prefixes = Defaults.httpsNamePrefixes
        let (old, newest) = (prefixes.dropLast(), prefixes.suffix(1))
        let candidates = names.filter { $0.hasPrefix("\(prefixes[0]).") }.map {
            String($0.dropFirst(prefixes[0].count + 1))
        }
        domains =
            candidates.filter { domain in
                !domain.contains("*") && !domain.contains("$") && old.allSatisfy { names.contains("\($0).\(domain)") }
            }.withoutRepeats
        let derived = domains.flatMap { domain in prefixes.map { "\($0).\(domain)" } }
        otherNames = names.filter { !derived.contains($0) }
        for domain in domains {
            for prefix in newest where !names.contains("\(prefix).\(domain)") {
                let message = "\(prefix).\(domain) goes to the mailbox too: mail programs look it up like the others"
                let place = https?.routes.first?.place ?? settings.place
                additions.append(Finding(severity: .note, place: place, message: message))
            }
        }
    }

    func write(to yaml: inout YAMLLines) {
        plan.writeMaxConnections(to: &yaml)
        let place = mailbox.places.first
        yaml.comment(from: plan.listeners.map(\.draft.place))
        for note in plan.listeners.flatMap(\.draft.notes) { yaml.comment(note) }
        for addition in additions { yaml.comment(addition) }
        yaml.add("mailbox:", from: place)
        if let only = mailbox.upstream.endpoints.first, mailbox.upstream.endpoints.count == 1 {
            yaml.add("address: \(YAMLLines.quoted(only.text, inFlow: false))", indent: 2, from: place)
        } else {
            yaml.add("endpoints", list: mailbox.upstream.endpoints.map(\.yaml), indent: 2, from: place)
        }
        writePorts(to: &yaml)
        if !bind.isEmpty { yaml.add("bind", list: bind.map { YAMLLines.quoted($0) }, indent: 2, from: place) }
        if mailbox.header != DraftHeader(version: "v2") { yaml.add(mailbox.header, indent: 2, from: place) }
        yaml.add(mailbox.upstream, indent: 2, from: place)
        writeHTTPS(to: &yaml)
        writeWeb(to: &yaml)
        writeDefaults(to: &yaml)
    }

    private func writePorts(to yaml: inout YAMLLines) {
        let place = plan.listeners.first?.draft.place
        let numbers = ports.compactMap { UInt16($0.listen) }
        if ports.contains(where: { $0.dial != nil }) {
            let pairs = ports.map { "\($0.listen): \($0.dial ?? $0.listen)" }
            yaml.add("ports: {\(pairs.joined(separator: ", "))}", indent: 2, from: place)
        } else if numbers.sorted() != Defaults.mailboxPorts.sorted() {
            yaml.add("ports", list: ports.map(\.listen), indent: 2, from: place)
        }
    }

    private func writeHTTPS(to yaml: inout YAMLLines) {
        guard let https else { return }
        let place = https.draft.place
        yaml.add("domains", list: domains.map { YAMLLines.quoted($0) }, indent: 2, from: place)
        let listen = https.draft.binds[0].port
        let dial = https.routes[0].port ?? listen
        let header = https.routes[0].header ?? mailbox.header
        guard listen != "443" || dial != "443" || !otherNames.isEmpty || header != .none else { return }
        yaml.add("https:", indent: 2, from: place)
        if listen != "443" { yaml.add("listen: \(listen)", indent: 4, from: place) }
        if dial != "443" { yaml.add("port: \(dial)", indent: 4, from: place) }
        if !otherNames.isEmpty {
            yaml.add("names", list: otherNames.map { YAMLLines.quoted($0) }, indent: 4, from: place)
        }
        if header != .none { yaml.add(header, indent: 4, from: place) }
    }

    private func writeWeb(to yaml: inout YAMLLines) {
        guard let web, let endpoint = web.upstream.endpoints.first else { return }
        let place = web.places.first
        if web.header == .none, web.upstream == DraftUpstream(endpoints: [endpoint]) {
            yaml.add("web: \(YAMLLines.quoted(endpoint.text, inFlow: false))", from: place)
        } else {
            yaml.add("web:", from: place)
            yaml.add("address: \(YAMLLines.quoted(endpoint.text, inFlow: false))", indent: 2, from: place)
            if web.header != .none { yaml.add(web.header, indent: 2, from: place) }
            yaml.add(web.upstream, indent: 2, from: place)
        }
    }

    private func writeDefaults(to yaml: inout YAMLLines) {
        var lines = YAMLLines(mainFile: yaml.mainFile)
        lines.addSettings(of: settings, indent: 2)
        guard !lines.lines.isEmpty else { return }
        yaml.add("defaults:", from: settings.place)
        for line in lines.lines { yaml.add(line.text, from: line.place) }
    }
}
