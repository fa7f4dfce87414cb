import TailwartCore

/// Where connections go, with values as they will be written: they may hold `${NAME}`.
///
/// Two of the same value become one upstream of our file.
struct DraftUpstream: Hashable {
    struct Endpoint: Hashable {
        /// A host name or an IP address without brackets; a path if ``isUnix``.
        var host: String
        var isUnix = false
        /// Nil: the one that the client came to.
        var port: String?
        var weight = 1
        var isBackup = false

        /// Host and port in the form that our file takes.
        var text: String {
            if isUnix { return "unix:\(host)" }
            guard let port else { return host }
            return host.contains(":") && !host.contains("$") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }

        /// To be resolved, as far as can be told.
        var isName: Bool { !isUnix && !host.contains("$") && IPAddressText.parse(host) == nil }
    }

    struct Health: Hashable {
        var interval: Duration?
        var timeout: Duration?
        var rise: Int?
        var fall: Int?
        var closeIfUnhealthy = false
    }

    var endpoints: [Endpoint]
    var policy = Upstream.Policy.first
    var connectTimeout: Duration?
    var hold: Duration?
    /// Nil: the source says nothing, and ours decides.
    var health: Health?
}

/// The PROXY header that a dialled upstream gets.
struct DraftHeader: Hashable {
    /// `none`, `v1`, `v2`, or a reference to a variable.
    var version: String
    var tlvs: [String] = []

    static let none = DraftHeader(version: "none")
}

/// An upstream as one route dials it. Equal are two that dial the same in the same way, wherever they are described.
struct DraftDial: Hashable {
    var upstream: DraftUpstream
    var header: DraftHeader
    /// What the source calls it.
    var name: String?
    /// Where it is described.
    var place: SourcePlace

    static func == (first: DraftDial, second: DraftDial) -> Bool {
        first.upstream == second.upstream && first.header == second.header
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(upstream)
        hasher.combine(header)
    }
}
