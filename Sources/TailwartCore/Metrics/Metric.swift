/// The table of metrics: names, types, labels and what each is. docs/metrics.md shows it, and a test compares the two.
///
/// Names and labels do not change. Every label value comes from the file, from this program or from tailscaled's name for an upstream;
/// nothing that a client sends is one.
package enum Metric: String, CaseIterable, Sendable {
    case connections = "tailwart_connections_total"
    case open = "tailwart_connections_open"
    case held = "tailwart_connections_held"
    case workerOpen = "tailwart_worker_connections_open"
    case bytes = "tailwart_relayed_bytes_total"
    case connecting = "tailwart_connect_seconds"
    case firstByte = "tailwart_first_byte_seconds"
    case lasting = "tailwart_connection_duration_seconds"
    case refusals = "tailwart_refusals_total"
    case healthy = "tailwart_place_healthy"
    case verdict = "tailwart_place_verdict"
    case certificate = "tailwart_certificate_remaining_seconds"
    case path = "tailwart_tailnet_path"
    case roundTrip = "tailwart_tailnet_round_trip_seconds"
    case bans = "tailwart_bans"
    case listNetworks = "tailwart_list_networks"
    case clientNetworks = "tailwart_client_networks"
    case untracked = "tailwart_clients_untracked_total"
    case evictions = "tailwart_client_evictions_total"
    case pending = "tailwart_pending_connections"
    case reloads = "tailwart_reloads_total"
    case takeovers = "tailwart_takeovers_total"
    case recordsLost = "tailwart_records_lost_total"
    case eventsLost = "tailwart_events_lost_total"
    case folded = "tailwart_series_folded"
    case build = "tailwart_build_info"
    case residentBytes = "process_resident_memory_bytes"
    case descriptors = "process_open_fds"
    case descriptorLimit = "process_max_fds"
    case processorTime = "process_cpu_seconds_total"
    case startTime = "process_start_time_seconds"

    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
        /// Always 1: what matters are its labels.
        case info
    }

    /// What happens to rows beyond the limit.
    enum Rest: Sendable {
        /// There cannot be more.
        case none
        /// The other rows were added up where they were counted.
        case counted
        /// One row has their sum.
        case sum
        /// One row has the least of them, which is the worst.
        case least
        /// They are left out.
        case left
    }

    /// At most so many series in all, whatever a file names and whatever clients do: a scrape stays small, and so does what keeps it.
    package static let seriesLimit = 500

    package var name: String { rawValue }

    /// Made once, as each scrape asks for all of it.
    private static let table = Dictionary(uniqueKeysWithValues: allCases.map { ($0, $0.made) })
    private var row: Row { Self.table[self] ?? made }

    package var kind: Kind { row.kind }
    /// In the order in which they are written.
    package var labels: [String] { row.labels }
    package var help: String { row.help }
    /// How many rows of label values there may be, with the one of all others.
    package var rowLimit: Int { row.limit }
    var rest: Rest { row.rest }

    /// How many series there may be.
    package var mostSeries: Int { rowLimit * (kind == .histogram ? Histogram.seriesCount : 1) }

    private var made: Row {
        switch self {
        case .connections:
            Row(
                .counter, ["listener", "protocol", "route", "upstream", "ended_by", "reason"],
                // Some reasons come from either side.
                upTo: Totals.groupLimit + CloseReason.allCases.reduce(0) { $0 + $1.sides }, rest: .counted,
                "finished connections, by how they ended")
        case .open:
            Row(
                .gauge, ["listener", "protocol"], upTo: Totals.listenerLimit + 1, rest: .sum,
                "open connections, of the current listeners")
        case .held:
            Row(.gauge, help: "open connections that wait because no endpoint can be reached")
        case .workerOpen:
            Row(.gauge, ["worker"], upTo: 17, rest: .sum, "open connections, by worker: these should be similar")
        case .bytes:
            Row(
                .counter, ["listener", "protocol", "direction"], upTo: 2 * (Totals.listenerLimit + 1), rest: .counted,
                "payload without PROXY headers, `in` from clients and `out` from upstreams, counted when a connection ends"
            )
        case .connecting:
            Row(
                .histogram, ["upstream"], upTo: Totals.upstreamLimit + 1, rest: .counted,
                "from the route to the connection to the upstream, with all that was tried and waited for")
        case .firstByte:
            Row(
                .histogram, ["upstream"], upTo: Totals.upstreamLimit + 1, rest: .counted,
                "from that connection to the upstream's first byte: of a server that speaks first, its greeting")
        case .lasting:
            Row(
                .histogram, ["protocol"], upTo: ListenerProtocol.allCases.count,
                "from accept to end, of every connection")
        case .refusals:
            Row(
                .counter, ["reason"], upTo: CloseReason.refusing.count,
                "clients that got a temporary error in their own protocol")
        case .healthy:
            Row(
                .gauge, PlaceReport.labels, upTo: PlaceReport.limit, rest: .least,
                "1 for a place that is healthy, 0 for one that is unhealthy, none while nothing is known")
        case .verdict:
            Row(
                .gauge, PlaceReport.labels + ["verdict", "grade"], upTo: PlaceReport.limit, rest: .left,
                "1 for what the last probe of a place found; of several names the worst")
        case .certificate:
            Row(
                .gauge, PlaceReport.labels, upTo: PlaceReport.limit, rest: .least,
                "remaining lifetime of a place's certificate, negative when expired; of several names the shortest")
        case .path:
            Row(
                .gauge, ["peer", "path"], upTo: 4, rest: .left,
                "1 for how packets reach an upstream's host over the tailnet: `direct`, `peer_relay` or `derp`")
        case .roundTrip:
            Row(
                .gauge, ["peer"], upTo: 4, rest: .left,
                "round-trip time over the tailnet, when that path was first seen")
        case .bans: Row(.gauge, ["layer"], upTo: BanLayer.allCases.count, "banned networks, by layer")
        case .listNetworks:
            Row(.gauge, ["list"], upTo: 8, rest: .sum, "networks that a list of `bans.lists` denies or allows")
        case .clientNetworks:
            Row(
                .gauge,
                help:
                    "client networks that are remembered for `limits`, each at each listener; none where `limits` is off"
            )
        case .untracked:
            Row(
                .counter,
                help:
                    "connections that were served and not counted against their client's limits, as `limits.table` was full"
            )
        case .evictions:
            Row(.counter, help: "client networks that were evicted early, for others")
        case .pending:
            Row(.gauge, help: "open connections that have not sent their PROXY header or hello yet: `limits.pending`")
        case .reloads: Row(.counter, ["result"], upTo: 2, "reloads of the configuration: `ok` or `failed`")
        case .takeovers:
            Row(.counter, ["result"], upTo: 2, "takeovers of the listening sockets: `ok` or `failed`")
        case .recordsLost:
            Row(.counter, help: "connections missing in these counters, as they came faster than they could be counted")
        case .eventsLost: Row(.counter, help: "events that came faster than they could be logged")
        case .folded:
            Row(
                .gauge,
                help: "series over the limit, which are in the rows named `other` or left out")
        case .build: Row(.info, ["version", "commit", "swift"], upTo: 1, "the version of the program")
        case .residentBytes: Row(.gauge, help: "memory that the process uses")
        case .descriptors: Row(.gauge, help: "descriptors that the process has open")
        case .descriptorLimit: Row(.gauge, help: "descriptors that the process may have open")
        case .processorTime: Row(.counter, help: "processor time of the process, its own and the system's")
        case .startTime: Row(.gauge, help: "when the process was started, in seconds since 1970")
        }
    }

    private struct Row {
        let kind: Kind
        let labels: [String]
        let limit: Int
        let rest: Rest
        let help: String

        init(_ kind: Kind, _ labels: [String], upTo limit: Int, rest: Rest = .none, _ help: String) {
            self.kind = kind
            self.labels = labels
            self.limit = limit
            self.rest = rest
            self.help = help
        }

        init(_ kind: Kind, help: String) { self.init(kind, [], upTo: 1, help) }
    }
}

extension CloseReason {
    /// Those that a client may be told of.
    package static let refusing = allCases.filter { $0.rule.told != .nothing }

    /// How many sides it may be of.
    fileprivate var sides: Int { rule.party == .clientOrUpstream ? 2 : 1 }
}

extension PlaceReport {
    fileprivate static let labels = ["upstream", "endpoint", "port", "protocol"]
    fileprivate static let limit = 20
}
