import TailwartCore
import TailwartWire

/// Reads the tree of one file into a configuration and remembers where everything stands.
final class ConfigurationLoader {
    let problems: Problems
    var positions = FilePositions()
    var defaults = ListenerSettings()
    var upstreams: [Upstream] = []
    var listeners: [Listener] = []

    init(problems: Problems) {
        self.problems = problems
    }

    /// Nil, with problems reported, if the file is not a mapping. If there were problems, the result is not whole.
    func load(_ root: YAMLNode) -> Configuration? {
        let empty = "the file is empty; it needs at least 'mailbox' or 'listeners'"
        switch root.content {
        case .mapping(let entries):
            var reader = MappingReader(entries, of: Self.noun, at: root.position, problems: problems)
            let configuration = readTopLevel(&reader)
            reader.reportUnknownAndMissingKeys()
            if isOfBearableSize {
                ConfigurationCheck(configuration: configuration, positions: positions, problems: problems).run()
            }
            return configuration
        case .null:
            problems.error(empty, at: root.position)
        case .text, .list:
            let expected = "a mapping with keys such as 'mailbox' or 'listeners'"
            problems.error("the file must be \(expected), not \(root.found)", at: root.position)
        case .unreadable:
            break
        }
        return nil
    }

    /// What a file may look like: the questions of a loader that has no file.
    static var shape: MappingShape {
        MappingReader.shape(of: noun) { _ = ConfigurationLoader(problems: Problems(file: "")).readTopLevel(&$0) }
    }

    private static let noun = "a configuration"

    private func readTopLevel(_ reader: inout MappingReader) -> Configuration {
        defaults = reader.value(
            "defaults", .settings("'defaults'", over: defaults), or: defaults,
            about: "Settings for all listeners that do not set them.")
        readShortForm(&reader)
        readUpstreams(&reader)
        readListeners(&reader)
        let configuration = (Configuration.general + Configuration.surroundings).read(
            &reader, into: Configuration(upstreams: upstreams, listeners: listeners))
        reader.checkAtLeastOne(
            of: ["mailbox", "web", "listeners"], message: "no listener; add 'mailbox' or 'listeners'")
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

extension Configuration {
    /// What the general form always says.
    static var general: [Setting<Configuration>] {
        [
            Setting(
                "max_connections", \.maxConnections, .integer(Allowed.maxConnections),
                about: "Of all listeners together."),
            Setting(
                "workers", \.workers, .integer(Allowed.workers),
                about: "Threads that move data, by default one for each core."),
            Setting(
                "drain", \.drain, .duration(Allowed.drain),
                about: "How long connections may go on after the edge has been told to stop."),
            Setting("log", \.log, .settings("'log'", over: LogSettings()), \.output, about: "How the log is written."),
        ]
    }

    static var surroundings: [Setting<Configuration>] {
        [
            Setting(
                "limits", \.limits, .limits, \.output,
                about: "How clients are told apart for the limits of listeners; off: no client has a limit of its own."),
            Setting(
                "admin", \.admin, .admin, \.output, about: "Where the running edge takes questions and orders."),
            Setting(
                "notify", \.notify, .messengers, { .blockList($0.map(\.output)) },
                about: "Who is told what lasts, while nobody looks."),
            Setting("bans", \.bans, .bans, \.output, about: "Who is kept out for a while, and who never is."),
            Setting(
                "tailscale", \.tailscale, .tailscale, \.output,
                about: "Whether tailscaled is asked for addresses and paths, and where; by default where it runs."),
        ]
    }
}

extension LogSettings: SettingsMapping {
    static var settings: [Setting<LogSettings>] {
        [
            Setting("format", \.format, .word(), about: "By default text on a terminal and json elsewhere."),
            Setting(
                "level", \.level, .word(),
                about: "The least severe lines. The record of each connection is a line at info."),
        ]
    }
}

extension ValueType<TailscaleSettings?> {
    fileprivate static var tailscale: ValueType {
        .off(nil, or: "{socket: \(Defaults.tailscaleSocket)}").orMapping(
            ValueType<TailscaleSettings>.settings("'tailscale'", over: TailscaleSettings()).map(\.self))
    }
}

extension TailscaleSettings: SettingsMapping {
    static var settings: [Setting<TailscaleSettings>] {
        [Setting("socket", \.socket, .unixPath, about: "tailscaled's own socket.")]
    }
}

extension TailscaleSettings? {
    fileprivate var output: YAMLOutput {
        self?.output ?? .text("off")
    }
}
