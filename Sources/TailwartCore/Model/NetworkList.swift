/// A list of networks that are denied, or allowed: a member of `bans.lists`.
package struct NetworkList: Sendable, Equatable {
    package enum Source: Sendable, Hashable {
        /// An absolute path.
        case file(String)
        case url(NoticeURL)
        /// Written where the list is named.
        case networks([Network])
    }

    package var source: Source
    /// Whether it has exceptions from the others, and nobody is denied for it.
    package var allows: Bool
    /// How often a URL is asked.
    package var every: Duration

    package init(_ source: Source, allows: Bool = false, every: Duration = Defaults.listEvery) {
        self.source = source
        self.allows = allows
        self.every = every
    }

    /// Nil where it is not fetched.
    package var url: NoticeURL? { if case .url(let url) = source { url } else { nil } }

    /// For logs and records: `list deny.txt`. Of a URL the query is left out, which may be a secret.
    package var label: String {
        switch source {
        case .file(let path): "list \(path.split(separator: "/").last ?? "")"
        case .url(let url): "list \(url.hostField)\(url.target.prefix { $0 != "?" })"
        case .networks: "list of the configuration"
        }
    }
}

extension Defaults {
    /// Spamhaus has its lists asked once an hour at most, and most lists are made a few times a day.
    package static let listEvery = Duration.seconds(6 * 60 * 60)
}

extension Allowed {
    package static let lists = 0...16
    /// Of a list in the configuration itself.
    package static let listedNetworks = 1...1000
    package static let listEvery = Duration.seconds(5 * 60)...Duration.seconds(30 * 24 * 60 * 60)
}
