import TailwartWire

/// What holds where the file says nothing. The defaults of timeouts depend on the protocol and stand in ``Timeouts``.
package enum Defaults {
    /// A connection holds two descriptors, and four more for two pipes while it moves bulk data in both directions: 8000
    /// of the busiest kind stay below 65 536 descriptors.
    package static let maxConnections = 8000
    package static let drain = Duration.seconds(30)
    package static let logLevel = EventLevel.info

    /// Where the packages of Tailscale put it on Linux.
    package static let tailscaleSocket = "/var/run/tailscale/tailscaled.sock"

    /// In the folder that the unit and the images make.
    package static let adminSocket = "/run/tailwart/admin.sock"

    package static let proxyProtocol = ProxyProtocolOut(.none)
    package static let weight = 1

    package static let healthInterval = Duration.seconds(30)
    package static let healthTimeout = Duration.seconds(5)
    package static let healthAffects = HealthSettings.Affects.reachability
    /// For everything that a server says to a probe, from the connection on. RFC 5321 section 4.5.3.2.1 allows it 5 minutes for the
    /// greeting; postscreen takes 6 s, sendmail's greet_pause 5 s, a question to an identd that does not answer up to 30 s.
    package static let healthPatience = Duration.seconds(35)
    package static let healthRise = 2
    package static let healthFall = 3

    /// 1 MiB.
    package static let limitTable = 65_536
    /// Half of ``maxConnections``, roughly: who has said what it wants finds room.
    package static let pending = 4096
    /// A mail program says its hello in the packet after the handshake; one address that is waited for so often does not want to.
    package static let pendingPerClient = 32

    /// A restart of a mail server or of its host is over by then.
    package static let noticeAfter = Duration.seconds(5 * 60)

    /// In the folder that the unit and the images make.
    package static let banFile = "/var/lib/tailwart/bans"
    /// What one client has: a provider gives a customer at least this much (RFC 6177 section 2).
    package static let banV6Prefix = 64
    /// Ten slips in ten minutes is more than a program with a wrong setting makes, which tries once in a minute or less.
    package static let strikeCount = 10
    package static let strikeWithin = Duration.seconds(10 * 60)
    package static let strikeTime = Duration.seconds(60 * 60)
    package static let strikeFactor = 4
    package static let strikeLongest = Duration.seconds(30 * 24 * 60 * 60)

    package static let mailboxPorts: [UInt16] = [25, 465, 587, 993]
    package static let mailboxProxyProtocol = ProxyProtocolOut(.v2)
    /// A mail server was back within 10 s of each restart, and a person's mail program waits longer than that.
    package static let mailboxHold = Duration.seconds(15)
    package static let httpsPort: UInt16 = 443
    /// The host names that mail programs and senders look up under a mail domain: MTA-STS (RFC 8461), Thunderbird's
    /// autoconfig, Microsoft's Autodiscover, and the user agent configuration of draft-ietf-mailmaint-pacc.
    package static let httpsNamePrefixes = ["mta-sts", "autoconfig", "autodiscover", "ua-auto-config"]

    /// What goes to a mailbox on 443: its own public name, where webmail, JMAP and CalDAV are and to which a certificate authority comes for
    /// `acme-tls/1` (RFC 8737), and the names that are looked up under its domains.
    package static func httpsNames(of hostname: String?, _ domains: [String]) -> [ServerNamePattern] {
        ([hostname.flatMap { ServerNamePattern($0) }].compactMap(\.self) + domains.flatMap { httpsNames(below: $0) })
            .withoutRepeats
    }

    /// Those names of a mail domain.
    ///
    /// - Parameter prefixes: some of ``httpsNamePrefixes``.
    package static func httpsNames(
        below domain: some StringProtocol, _ prefixes: ArraySlice<String> = httpsNamePrefixes[...]
    ) -> [ServerNamePattern] {
        prefixes.compactMap { ServerNamePattern("\($0).\(domain)") }
    }
}

/// Which values a key takes. A value outside is more likely a mistake (a wrong unit, a digit too many) than a wish.
package enum Allowed {
    /// Linux cannot give a process more descriptors than `fs.nr_open`, 1 048 576 by default, and each needs two.
    package static let maxConnections = 1...500_000
    package static let workers = 1...256
    package static let drain = Duration.zero...Duration.seconds(60 * 60)

    package static let connect = Duration.milliseconds(100)...Duration.seconds(60)
    package static let hello = Duration.milliseconds(100)...Duration.seconds(60)
    package static let idle = Duration.seconds(1)...Duration.seconds(24 * 60 * 60)
    package static let halfClosed = Duration.seconds(1)...Duration.seconds(60 * 60)

    package static let weight = 1...256
    /// With the longest host name, `421 4.3.2 HOST TEXT` stays within the 512 bytes of a reply line (RFC 5321 section
    /// 4.5.3.1.5).
    package static let refusalTextBytes = 1...200

    package static let healthInterval = Duration.seconds(1)...Duration.seconds(60 * 60)
    package static let healthTimeout = Duration.milliseconds(100)...Duration.seconds(60)
    package static let healthCount = 1...100

    package static let concurrent = 1...50_000
    package static let rateCount = 1...600_000
    package static let ratePeriod = Duration.seconds(1)...Duration.seconds(24 * 60 * 60)
    package static let burst = 1...100_000
    package static let limitTable = 1024...4_194_304
    package static let limitPrefixV4 = 8...32
    /// A longer one would count each address of a subscriber, who has 2^64 of them, for another client.
    package static let limitPrefixV6 = 16...64
    package static let limitFactor = 1...1000

    package static let noticeAfter = Duration.zero...Duration.seconds(24 * 60 * 60)
    package static let messengers = 1...16
    /// Words of a command, and bytes of each.
    package static let commandWords = 1...32
    package static let commandWordBytes = 0...4096
    /// Bytes of a URL; fits into a request line anywhere (RFC 9112 section 3 asks for 8000).
    package static let urlBytes = 1...2048

    package static let banV6Prefix = 32...128
    package static let strikeCount = 2...10_000
    package static let strikeWithin = Duration.seconds(1)...Duration.seconds(24 * 60 * 60)
    /// Addresses change hands: nobody's sins are those of who has the address a month later.
    package static let banTime = Duration.seconds(60)...Duration.seconds(30 * 24 * 60 * 60)
    package static let strikeFactor = 1...100
    package static let neverNetworks = 1...1000

    /// Addresses of all listeners together: each is a socket.
    package static let bindAddresses = 1...1000
    package static let adminAddresses = 1...16
    package static let upstreams = 0...1000
    package static let endpoints = 1...100
    /// Routes of all listeners together.
    package static let routes = 1...10_000

    /// Bytes of a socket's path: `sun_path` of unix(7) has 108, the last one for the terminating zero.
    package static let unixPathBytes = 1...107
    /// Bytes of a file's path: `PATH_MAX` of limits.h counts the terminating zero.
    package static let pathBytes = 1...4095
    /// Bytes of an upstream's or a listener's name.
    package static let nameBytes = 1...63
    /// Bytes of an ALPN protocol name (RFC 7301 section 3.1).
    package static let alpnBytes = 1...255
}
