import ArgumentParser
import TailwartAdmin
import TailwartConfig
import TailwartCore
import TailwartWire

/// What a shell completes that only a running edge or its configuration knows. Where there is neither, nothing is completed.
extension CompletionKind {
    /// A YAML file.
    static var configuration: CompletionKind { .file(extensions: ["yaml", "yml"]) }

    /// Of the edge that runs, else of the file.
    static var upstreams: CompletionKind {
        .custom { words, _, _ async in
            await Self.asked("/status", "places", "upstream", words) ?? Self.configuration(words)?.upstreams.map(\.name)
                ?? []
        }
    }

    static var listeners: CompletionKind {
        .custom { words, _, _ async in Self.configuration(words)?.listeners.map(\.name) ?? [] }
    }

    /// The networks that are banned, behind the actions that are about one of them.
    static var bannedNetworks: CompletionKind {
        .custom { words, _, _ async in
            words.contains("remove") ? await Self.asked("/bans?limit=1000", "bans", "network", words) ?? [] : []
        }
    }

    static var openConnections: CompletionKind {
        .custom { words, _, _ async in await Self.asked("/connections?limit=1000", "connections", "id", words) ?? [] }
    }

    /// Values of one key in a list of the edge's answer; nil without an answer.
    private static func asked(_ target: String, _ list: String, _ key: String, _ words: [String]) async -> [String]? {
        // Somebody waits at a prompt.
        let answer = try? await options(words)?.ask(target, within: .seconds(2))
        guard let answer, answer.status == 200 else { return nil }
        return (answer.json[list]?.list ?? []).compactMap { $0[key]?.text?.printable }.withoutRepeats
    }

    private static func configuration(_ words: [String]) -> Configuration? {
        (try? options(words)?.configuration.load())?.result.configuration
    }

    /// Of the line as it is typed, what says which edge and which file.
    private static func options(_ words: [String]) -> EdgeOptions? {
        try? EdgeOptions.parse(
            zip(words, words.dropFirst()).filter { ["--socket", "--config"].contains($0.0) }.flatMap { [$0.0, $0.1] })
    }
}
