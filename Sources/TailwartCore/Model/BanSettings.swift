/// Who is kept out, and who never is.
package struct BanSettings: Sendable, Equatable {
    /// How strikes become a ban.
    package struct Strikes: Sendable, Equatable {
        /// So many strikes…
        package var count: Int
        /// …within this time are a ban.
        package var within: Duration
        /// Of the first ban.
        package var time: Duration
        /// Each further ban of the same network is so many times as long as the one before, up to ``longest``.
        package var factor: Int
        package var longest: Duration

        package init(
            count: Int = Defaults.strikeCount, within: Duration = Defaults.strikeWithin,
            time: Duration = Defaults.strikeTime, factor: Int = Defaults.strikeFactor,
            longest: Duration = Defaults.strikeLongest
        ) {
            self.count = count
            self.within = within
            self.time = time
            self.factor = factor
            self.longest = longest
        }
    }

    /// Where Stalwart's webhook is taken.
    package struct Webhook: Sendable, Equatable {
        package var listen: InnerAddress
        /// A file with the key that the requests are signed with.
        package var keyFile: String

        package init(listen: InnerAddress, keyFile: String) {
            self.listen = listen
            self.keyFile = keyFile
        }
    }

    /// The local API of CrowdSec.
    package struct CrowdSec: Sendable, Equatable {
        package var url: NoticeURL
        /// A file with the bouncer's key.
        package var keyFile: String

        package init(url: NoticeURL, keyFile: String) {
            self.url = url
            self.keyFile = keyFile
        }
    }

    /// An absolute path; nil: bans are kept in memory only.
    package var file: String?
    /// The network that is banned for one IPv6 address of it.
    package var v6Prefix: Int
    /// Nil: nothing is a strike.
    package var strikes: Strikes?
    /// Who is never banned, besides this host, its tailnet and its owners.
    package var never: [Network]
    /// Of which no client is let in, and exceptions from them.
    package var lists: [NetworkList]
    /// Whether bans are only said, and not in force.
    package var isObserving: Bool
    package var webhook: Webhook?
    package var crowdsec: CrowdSec?

    package init(
        file: String? = Defaults.banFile, v6Prefix: Int = Defaults.banV6Prefix, strikes: Strikes? = Strikes(),
        never: [Network] = [], lists: [NetworkList] = [], isObserving: Bool = false, webhook: Webhook? = nil,
        crowdsec: CrowdSec? = nil
    ) {
        self.file = file
        self.v6Prefix = v6Prefix
        self.strikes = strikes
        self.never = never
        self.lists = lists
        self.isObserving = isObserving
        self.webhook = webhook
        self.crowdsec = crowdsec
    }
}
