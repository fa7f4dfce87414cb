import TailwartCore
import TailwartWire

/// A configuration that is exactly one mailbox, its domains and a web server, as `mailbox` and `web` say it in a few lines. Only the
/// names of upstreams and listeners, and the order of the latter, are others then.
struct ShortForm {
    struct HTTPS {
        /// Its number among the listeners.
        let number: Int
        let listen: UInt16
        let dial: UInt16
        let header: ProxyProtocolOut
        let domains: [String]
        /// Server names that do not follow from the domains.
        let names: [ServerNamePattern]
    }

    let mailbox: Upstream
    private(set) var ports: [(listen: UInt16, dial: UInt16)] = []
    /// Empty for all addresses.
    let bind: [IPAddress]
    private(set) var https: HTTPS?
    private(set) var web: Upstream?
    private(set) var defaults: ListenerSettings

    /// Nil if the configuration is anything else.
    init?(_ configuration: Configuration, _ references: References) {
        let listeners = configuration.listeners
        let mail = listeners.filter(\.takesEverything)
        guard let first = mail.first, case .upstream(let name, _) = first.routes[0].target,
            let mailbox = configuration.upstreams.first(where: { $0.name == name }),
            mail.allSatisfy({ $0.routes[0].target.upstreamName == name && $0.routes[0].proxyProtocol == nil }),
            mailbox.endpoints.allSatisfy({ $0.port == nil && !$0.isUnix }),
            mailbox.endpoints.count > 1 || mailbox.endpoints[0].proxyProtocol == nil,
            let bind = Self.commonAddresses(of: listeners, references)
        else { return nil }
        (self.mailbox, self.bind) = (mailbox, bind)

        for listener in mail {
            guard let listen = listener.bind.first?.port, case .upstream(_, let port) = listener.routes[0].target
            else { return nil }
            let dial = port ?? listen
            guard !references.isUnknown(listen), !references.isUnknown(dial),
                listener.proto == ListenerProtocol(listen: listen, dial: dial)
            else { return nil }
            ports.append((listen, dial))
        }
        guard let defaults = Self.commonSettings(of: listeners) else { return nil }
        self.defaults = defaults

        if let number = listeners.firstIndex(where: { !$0.takesEverything }) {
            guard mail.count == listeners.count - 1, let https = HTTPS(listeners[number], number, mailbox, references)
            else {
                return nil
            }
            self.https = https
            if listeners[number].routes.count == 2,
                case .upstream(let name, let port) = listeners[number].routes[1].target
            {
                web = configuration.upstreams.first { $0.name == name }
                guard name != mailbox.name, port == nil, listeners[number].routes[1].proxyProtocol == nil,
                    web?.endpoints.count == 1, web?.endpoints[0].proxyProtocol == nil
                else { return nil }
            }
        }
        guard configuration.upstreams.count == (web == nil ? 1 : 2) else { return nil }
    }

    /// The addresses of all listeners where they are the same, each with one port.
    private static func commonAddresses(of listeners: [Listener], _ references: References) -> [IPAddress]? {
        var common: Set<[IPAddress]> = []
        for listener in listeners {
            guard listener.clientPorts.count == 1, listener.clientPorts != [nil] else { return nil }
            let addresses = listener.bind.compactMap(\.ip)
            guard addresses.count == listener.bind.count || listener.bind.count == 1 else { return nil }
            common.insert(addresses)
        }
        guard common.count == 1, let addresses = common.first, !addresses.contains(where: references.isUnknown) else {
            return nil
        }
        return addresses
    }

    /// Timeouts and the like, where all listeners have the same. Only a listener that reads hellos asks for that timeout.
    private static func commonSettings(of listeners: [Listener]) -> ListenerSettings? {
        var settings = listeners.map { ListenerSettings($0) }
        let hello = settings.lazy.compactMap(\.deadlines.hello).first
        for index in settings.indices where settings[index].deadlines.hello == nil {
            settings[index].deadlines.hello = hello
        }
        guard let first = settings.first, settings.allSatisfy({ $0 == first }) else { return nil }
        return first
    }
}

extension ShortForm.HTTPS {
    /// Nil unless the names of some domains go to the mailbox, and everything else to one place.
    fileprivate init?(_ listener: Listener, _ number: Int, _ mailbox: Upstream, _ references: References) {
        guard listener.proto == .https, let listen = listener.bind.first?.port, let first = listener.routes.first,
            case .upstream(mailbox.name, let port) = first.target, let match = first.match,
            match == RouteMatch(serverNames: match.serverNames),
            listener.routes.count == 1 || listener.routes.count == 2 && listener.routes[1].match == nil,
            // The short form says a header for 443, which counts before those of endpoints.
            first.proxyProtocol != nil || mailbox.endpoints.allSatisfy({ $0.proxyProtocol == nil })
        else { return nil }
        let prefix = "\(Defaults.httpsNamePrefixes[0])."
        let domains = match.serverNames.compactMap { name -> String? in
            guard !name.isWildcard, name.name.hasPrefix(prefix) else { return nil }
            let domain = String(name.name.dropFirst(prefix.count))
            let isWhole = Set(Defaults.httpsNames(below: domain)).isSubset(of: match.serverNames)
            return isWhole && !references.isIn(domain) ? domain : nil
        }.withoutRepeats
        let derived = Set(Defaults.httpsNames(of: mailbox.hostname, domains))
        guard !domains.isEmpty, derived.isSubset(of: match.serverNames) else { return nil }
        self.init(
            number: number, listen: listen, dial: port ?? listen, header: first.proxyProtocol ?? mailbox.proxyProtocol,
            domains: domains, names: match.serverNames.filter { !derived.contains($0) })
    }
}

extension Listener {
    fileprivate var takesEverything: Bool { routes.count == 1 && routes[0].match == nil }
}
