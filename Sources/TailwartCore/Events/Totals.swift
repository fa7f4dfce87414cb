/// What has come together since the edge was started, over all connections that are over, and over the events beside them.
///
/// What a file may name many of is counted in ``LimitedRows``, in the order in which it came. A row is known by its names: over a reload no
/// count goes back.
package struct Totals: Sendable {
    /// Connections of one listener that ended for one reason.
    package struct Key: Sendable, Hashable {
        package let listener: String
        package let reason: CloseReason

        package init(listener: String, reason: CloseReason) {
            self.listener = listener
            self.reason = reason
        }
    }

    /// Bytes of payload, without PROXY headers.
    package struct Bytes: Sendable, Equatable {
        /// From the client.
        package var inbound: UInt64 = 0
        /// From the upstream.
        package var outbound: UInt64 = 0
    }

    /// How long an upstream took.
    package struct UpstreamTimes: Sendable {
        /// From the route to the connection, with all that was tried or waited for.
        package var connecting = Histogram()
        /// From then to its first byte: of a server that speaks first, its greeting.
        package var firstByte = Histogram()
    }

    /// Rows with a name of their own; beside them there is one for all others, of groups one for each ending.
    package static let groupLimit = 75
    package static let listenerLimit = 23
    package static let upstreamLimit = 4

    package private(set) var groups = LimitedRows<ConnectionGroup, Int>(limit: groupLimit, empty: 0)
    package private(set) var listeners = LimitedRows<ConnectionGroup.Origin, Bytes>(
        limit: listenerLimit, empty: Bytes())
    package private(set) var upstreams = LimitedRows<String, UpstreamTimes>(
        limit: upstreamLimit, empty: UpstreamTimes())
    private var lasting = [Histogram](repeating: Histogram(), count: ListenerProtocol.allCases.count)
    private var refused = [Int](repeating: 0, count: CloseReason.allCases.count)
    private var shortcuts = Shortcuts()
    /// Records that found a ring full; their connections are in none of the other numbers.
    package var lostRecords = 0
    /// Events that came faster than the ledger takes them.
    package var lostEvents = 0
    package var events = EventTotals()

    package init() {}

    package mutating func add(_ record: Record) {
        let rows = rows(of: record)
        groups[rows.group] += 1
        listeners[rows.listener].inbound += record.inboundBytes
        listeners[rows.listener].outbound += record.outboundBytes
        lasting[rows.proto].add(record.times.total, within: Histogram.lasting)
        if let upstream = rows.upstream, let toConnect = record.times.toConnect {
            let toRoute = min(record.times.toRoute ?? toConnect, toConnect)
            upstreams[upstream].connecting.add(UInt64(toConnect - toRoute), within: Histogram.connecting)
            if let toFirstByte = record.times.toFirstByte {
                upstreams[upstream].firstByte.add(
                    UInt64(max(toFirstByte, toConnect) - toConnect), within: Histogram.firstByte)
            }
        }
        if record.wasRefused { refused[Int(record.ending.reason.rawValue)] += 1 }
    }

    private mutating func rows(of record: Record) -> Rows {
        if let rows = shortcuts.rows(of: record) { return rows }
        let group = ConnectionGroup(record)
        let rows = Rows(
            group: groups.row(of: group, rest: group.rest),
            listener: listeners.row(of: group.origin, rest: .rest),
            upstream: record.passage == nil
                ? nil : upstreams.row(of: group.upstream, rest: ConnectionGroup.others),
            proto: record.frontend.takeUnretainedValue().listener.proto.number)
        shortcuts.keep(rows, for: record)
        return rows
    }

    // MARK: - read

    package var connections: [Key: Int] {
        var counts: [Key: Int] = [:]
        for (group, count) in groups.rows {
            counts[Key(listener: group.origin.listener, reason: group.reason), default: 0] += count
        }
        return counts
    }

    package var inboundBytes: UInt64 { listeners.rows.reduce(0) { $0 + $1.value.inbound } }
    package var outboundBytes: UInt64 { listeners.rows.reduce(0) { $0 + $1.value.outbound } }

    /// How long connections lasted.
    package func lasting(_ proto: ListenerProtocol) -> Histogram { lasting[proto.number] }

    /// How many clients were told that they are not served, for this reason.
    package func refusals(_ reason: CloseReason) -> Int { refused[Int(reason.rawValue)] }

    /// How many rows there would be but for the limits.
    package var folded: Int { groups.folded + listeners.folded + upstreams.folded }
}

/// Where a record is counted.
private struct Rows {
    let group: Int
    let listener: Int
    let upstream: Int?
    let proto: Int
}

/// The way from the objects that a record refers to to its rows, since a hash of names for every record costs several times as much. An object
/// of a configuration that is gone may have left its address to another one, so the names are looked at all the same.
private struct Shortcuts {
    private struct Entry {
        let frontend: UInt
        let passage: UInt?
        let route: Int?
        let ending: Ending
        let listener: String
        let proto: Int
        let upstream: String?
        let rows: Rows
    }

    /// A power of two: listeners times the ways to end that a busy edge sees.
    private static let count = 256
    private var entries = [Entry?](repeating: nil, count: count)

    func rows(of record: Record) -> Rows? {
        // Looked at where it lies: a copy would count references to its names.
        let place = Self.place(of: record)
        guard let rows = entries[place]?.rows, entries[place]?.frontend == Self.address(record.frontend),
            entries[place]?.passage == record.passage.map(Self.address), entries[place]?.route == record.route,
            entries[place]?.ending == record.ending
        else { return nil }
        let frontend = record.frontend.takeUnretainedValue()
        guard entries[place]?.listener == frontend.listener.name,
            entries[place]?.proto == frontend.listener.proto.number
        else { return nil }
        if let passage = record.passage, entries[place]?.upstream != passage.takeUnretainedValue().backend.name {
            return nil
        }
        return rows
    }

    mutating func keep(_ rows: Rows, for record: Record) {
        let listener = record.frontend.takeUnretainedValue().listener
        entries[Self.place(of: record)] = Entry(
            frontend: Self.address(record.frontend), passage: record.passage.map(Self.address), route: record.route,
            ending: record.ending, listener: listener.name, proto: listener.proto.number,
            upstream: record.passage?.takeUnretainedValue().backend.name, rows: rows)
    }

    private static func address<Object>(_ object: Unmanaged<Object>) -> UInt { UInt(bitPattern: object.toOpaque()) }

    /// Multiplied by 2^64 divided by the golden ratio, so that the upper bits depend on all (Knuth, The Art of Computer Programming 3, 6.4).
    private static func place(of record: Record) -> Int {
        let ending = UInt(record.ending.reason.rawValue) << 2 | UInt(record.ending.side.rawValue)
        let route = UInt(bitPattern: record.route ?? -1)
        let mixed = (address(record.frontend) ^ route << 32 ^ ending << 24) &* 0x9e37_79b9_7f4a_7c15
        return Int(mixed >> UInt(UInt.bitWidth - count.trailingZeroBitCount))
    }
}
