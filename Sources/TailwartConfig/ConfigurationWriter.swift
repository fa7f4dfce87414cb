package import TailwartCore
import TailwartWire

/// Writes a configuration as the text of a file, in a stable order. Loading it gives an equal one.
package struct ConfigurationWriter {
    let configuration: Configuration
    let references: References
    /// Else what is the default is left out.
    let showsDefaults: Bool
    /// Nil where it is more than that can say.
    private let shortForm: ShortForm?

    /// Writes what is not the default, in the short form where that can say it.
    package init(_ configuration: Configuration, references: References = References()) {
        self.configuration = configuration
        self.references = references
        showsDefaults = false
        shortForm = ShortForm(configuration, references)
    }

    fileprivate init(general configuration: Configuration) {
        self.configuration = configuration
        references = References()
        showsDefaults = true
        shortForm = nil
    }

    /// The upstream that is written as `mailbox`, in the short form; nil for the general one.
    package var mailbox: String? { shortForm?.mailbox.name }

    /// - Parameter comments: stand above the parts that they are about.
    package func write(comments: [FilePlaces.Part: [String]] = [:]) -> [YAMLWriter.Line] {
        let body = shortForm.map { members(of: $0, comments) } ?? generalForm(comments)
        return YAMLWriter.write(.blockMapping(head + body), head: comments[.file] ?? [])
    }

    private var head: [YAMLMember] {
        let value = configuration
        var members: [YAMLMember] = []
        if showsDefaults || value.maxConnections != Defaults.maxConnections {
            members.append(YAMLMember("max_connections", .text("\(value.maxConnections)")))
        }
        if let workers = value.workers { members.append(YAMLMember("workers", .text("\(workers)"))) }
        if showsDefaults || value.drain != Defaults.drain {
            members.append(YAMLMember("drain", .duration(value.drain)))
        }
        if showsDefaults || value.log != LogSettings() { members.append(YAMLMember("log", value.log.output)) }
        if let output = value.admin.output { members.append(YAMLMember("admin", output)) }
        if value.tailscale != TailscaleSettings() {
            let socket = value.tailscale.map { YAMLOutput.mapping([YAMLMember("socket", .text($0.socket))]) }
            members.append(YAMLMember("tailscale", socket ?? .text("off")))
        }
        return members
    }

    private func generalForm(_ comments: [FilePlaces.Part: [String]]) -> [YAMLMember] {
        var members: [YAMLMember] = []
        let upstreams = configuration.upstreams.map { upstream in
            let part = FilePlaces.Part.upstream(upstream.name)
            return YAMLMember(
                upstream.name, .blockMapping([endpoints(of: upstream)] + settings(of: upstream)), of: part,
                comments: comments[part] ?? [])
        }
        if !upstreams.isEmpty { members.append(YAMLMember("upstreams", .blockMapping(upstreams))) }
        let listeners = configuration.listeners.enumerated().map { number, listener in
            let part = FilePlaces.Part.listener(number)
            let name = YAMLMember("name", .text(listener.name), of: part, comments: comments[part] ?? [])
            return YAMLOutput.blockMapping([name] + self.members(of: listener, number))
        }
        if !listeners.isEmpty { members.append(YAMLMember("listeners", .blockList(listeners))) }
        return members
    }
}

extension Configuration {
    /// The general form as the text of a file.
    ///
    /// Timeouts are always printed, since their defaults depend on the protocol; other keys where they are not the default.
    package var yaml: String { ConfigurationWriter(general: self).write().text }
}

extension LogSettings {
    fileprivate var output: YAMLOutput {
        let format = format.map { [YAMLMember("format", YAMLOutput.text($0.rawValue))] } ?? []
        return .mapping(format + [YAMLMember("level", .text(level.rawValue))])
    }
}

extension AdminSettings {
    fileprivate var output: YAMLOutput? {
        var entries: [YAMLMember] = []
        if let socket { entries.append(YAMLMember("socket", .text(socket))) }
        if let listen { entries.append(YAMLMember("listen", .text("\(listen)"))) }
        return entries.isEmpty ? nil : .mapping(entries)
    }
}
