import TailwartCore

/// Reads the tree of one file into a configuration and remembers where everything stands.
final class ConfigurationLoader {
    let problems: Problems
    var places = Places()
    var defaults = ListenerSettings()
    var upstreams: [UpstreamConfiguration] = []
    var listeners: [ListenerConfiguration] = []

    init(problems: Problems) {
        self.problems = problems
    }

    /// Nil, with problems reported, if the file is not a mapping. If there were problems, the result is not whole.
    func load(_ root: YAMLNode) -> Configuration? {
        let empty = "the file is empty; it needs at least 'mailbox' or 'listeners'"
        switch root.content {
        case .mapping(let entries):
            var reader = MappingReader(entries, of: "a configuration", at: root.place, problems: problems)
            let configuration = readTopLevel(&reader)
            reader.reportUnknownKeys()
            return configuration
        case .null:
            problems.error(empty, at: root.place)
        case .text, .list:
            let expected = "a mapping with keys such as 'mailbox' or 'listeners'"
            problems.error("the file must be \(expected), not \(root.found)", at: root.place)
        case .unreadable:
            break
        }
        return nil
    }

    private func readTopLevel(_ reader: inout MappingReader) -> Configuration {
        defaults = reader.value("defaults", .mapping("'defaults'") { ListenerSettings(&$0) }) ?? defaults
        readShortForm(&reader)
        readUpstreams(&reader)
        readListeners(&reader)
        let configuration = Configuration(
            maxConnections: reader.value("max_connections", .integer(Allowed.maxConnections))
                ?? Defaults.maxConnections,
            workers: reader.value("workers", .integer(Allowed.workers)),
            drain: reader.value("drain", .duration(Allowed.drain)) ?? Defaults.drain,
            log: reader.value("log", .log) ?? LogConfiguration(),
            admin: reader.value("admin", .admin) ?? AdminConfiguration(),
            upstreams: upstreams, listeners: listeners)
        reader.warnNoEffect("admin", "the running edge takes no questions yet")
        if !["mailbox", "web", "listeners"].contains(where: reader.has) {
            problems.error("nothing to listen on; add 'mailbox' or 'listeners'", at: reader.place)
        }
        if isOfBearableSize {
            ConfigurationCheck(configuration: configuration, places: places, problems: problems).run()
        }
        return configuration
    }

    /// The checks compare everything with everything; nobody needs that much of anything.
    private var isOfBearableSize: Bool {
        let counts = [
            ("addresses to listen on", listeners.reduce(0) { $0 + $1.bind.count }, Allowed.bindAddresses),
            ("routes", listeners.reduce(0) { $0 + $1.routes.count }, Allowed.routes),
            ("upstreams", upstreams.count, Allowed.upstreams),
            ("endpoints of one upstream", upstreams.lazy.map(\.endpoints.count).max() ?? 0, Allowed.endpoints),
        ]
        let tooMany = counts.filter { $0.1 > $0.2.upperBound }
        for (what, count, allowed) in tooMany {
            problems.error("\(count) \(what), more than \(allowed.upperBound)", at: .start)
        }
        return tooMany.isEmpty
    }
}

extension ValueType<LogConfiguration> {
    fileprivate static var log: ValueType {
        .mapping("'log'") { reader in
            LogConfiguration(
                format: reader.value("format", .word()), level: reader.value("level", .word()) ?? Defaults.logLevel)
        }
    }
}

extension ValueType<AdminConfiguration> {
    fileprivate static var admin: ValueType {
        .mapping("'admin'") { reader in
            AdminConfiguration(
                socket: reader.value("socket", .unixPath), listen: reader.value("listen", .internetAddress))
        }
    }
}
