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
    package func write(comments: [FilePositions.Part: [String]] = [:]) -> [YAMLWriter.Line] {
        let body = shortForm.map { members(of: $0, comments) } ?? generalForm(comments)
        return YAMLWriter.write(.blockMapping(head + body), head: comments[.file] ?? [])
    }

    private var head: [YAMLMember] {
        Configuration.general.write(configuration, unlike: showsDefaults ? nil : Configuration())
            + Configuration.surroundings.write(configuration, unlike: Configuration())
    }

    private func generalForm(_ comments: [FilePositions.Part: [String]]) -> [YAMLMember] {
        var members: [YAMLMember] = []
        let upstreams = configuration.upstreams.map { upstream in
            let part = FilePositions.Part.upstream(upstream.name)
            return YAMLMember(
                upstream.name, .blockMapping([endpoints(of: upstream)] + settings(of: upstream)), of: part,
                comments: comments[part] ?? [])
        }
        if !upstreams.isEmpty { members.append(YAMLMember("upstreams", .blockMapping(upstreams))) }
        let listeners = configuration.listeners.enumerated().map { number, listener in
            let part = FilePositions.Part.listener(number)
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
