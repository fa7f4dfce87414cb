/// Connections that are counted together: they came in at one listener, took one route to one upstream, and ended in one way. All names are
/// the file's, none is a client's.
package struct ConnectionGroup: Sendable, Hashable {
    /// Stands for all that have no row of their own.
    package static let others = "other"

    package struct Origin: Sendable, Hashable {
        package let listener: String
        /// Its name.
        package let proto: String

        package init(listener: String, proto: String) {
            self.listener = listener
            self.proto = proto
        }

        package static let rest = Origin(listener: others, proto: others)
    }

    package let origin: Origin
    /// Its number in the listener, as in a record; empty if none was reached.
    package let route: String
    /// Its name, or `close`; empty if no route was reached.
    package let upstream: String
    package let side: Side
    package let reason: CloseReason

    init(_ record: Record) {
        let listener = record.frontend.takeUnretainedValue().listener
        origin = Origin(listener: listener.name, proto: listener.proto.rawValue)
        route = record.route.map { "\($0)" } ?? ""
        upstream = RecordLine(record).upstream ?? ""
        side = record.ending.side
        reason = record.ending.reason
    }

    private init(rest ending: ConnectionGroup) {
        origin = .rest
        route = Self.others
        upstream = Self.others
        side = ending.side
        reason = ending.reason
    }

    /// The one that it is counted in if it has no row.
    var rest: ConnectionGroup { ConnectionGroup(rest: self) }
}
