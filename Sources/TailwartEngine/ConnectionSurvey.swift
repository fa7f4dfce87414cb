import Synchronization
import TailwartCore
import TailwartSystem

/// A question about the connections that are open, or the order to close one, on its way through all workers. Each goes through its
/// sessions in slices, and looks after its connections in between.
final class ConnectionSurvey: Sendable {
    enum Wanted: Sendable {
        case list(ConnectionFilter)
        case close(id: UInt64)
    }

    private struct State {
        var list = ConnectionList()
        var waitsFor: Int
    }

    let wanted: Wanted
    private let state: Mutex<State>
    private let waker: Waker

    init(_ wanted: Wanted, workers: Int) throws(SystemError) {
        self.wanted = wanted
        waker = try Waker()
        state = Mutex(State(waitsFor: workers))
    }

    /// - Parameter isLast: whether the worker has been through all its sessions.
    func take(_ found: [LiveConnection], matching: Int, isLast: Bool) {
        let isOver = state.withLock { state in
            state.list.connections += found
            state.list.matching += matching
            if case .list(let filter) = wanted, state.list.connections.count > filter.limit {
                Self.sort(&state.list.connections, filter)
            }
            if isLast { state.waitsFor -= 1 }
            return state.waitsFor == 0
        }
        if isOver { waker.ring() }
    }

    /// Waits for all workers, so long and no longer.
    ///
    /// - Parameter limit: milliseconds.
    func wait(limit: UInt64) -> ConnectionList {
        _ = waker.wait(within: limit) { state.withLock { $0.waitsFor == 0 } }
        return state.withLock { state in
            var list = state.list
            list.isWhole = state.waitsFor == 0
            if case .list(let filter) = wanted { Self.sort(&list.connections, filter) }
            return list
        }
    }

    private static func sort(_ connections: inout [LiveConnection], _ filter: ConnectionFilter) {
        switch filter.order {
        case .age: connections.sort { $0.age > $1.age }
        case .bytes: connections.sort { $0.bytes > $1.bytes }
        }
        connections.removeLast(max(0, connections.count - filter.limit))
    }
}

extension Worker {
    /// Slots that are looked at in one turn: some hundred microseconds.
    private static let slice = 2048

    /// Looks at the next sessions, and leaves the rest for another turn.
    mutating func answer(_ survey: ConnectionSurvey, from start: Int) {
        let end = min(start + Self.slice, sessions.capacity)
        var found: [LiveConnection] = []
        var matching = 0
        switch survey.wanted {
        case .list(let filter):
            let candidates = candidates(start..<max(start, end), filter)
            matching = candidates.count
            for candidate in candidates.prefix(filter.limit) {
                guard let session = sessions.live(at: candidate.index) else { continue }
                found.append(session.pointee.connection.seen(now: now))
            }
        case .close(let id):
            for index in start..<max(start, end) {
                guard let session = sessions.live(at: UInt32(index)), session.pointee.connection.record.id == id
                else { continue }
                perform(session, session.pointee.connection.stop(&around, because: .closedByOperator))
                matching += 1
            }
        }
        let isLast = end >= sessions.capacity
        survey.take(found, matching: matching, isLast: isLast)
        if !isLast { parts.inbox.post { $0.surveys.append((survey, end)) } }
    }

    /// Where the sessions are that are meant, the first of the order first.
    private func candidates(_ range: Range<Int>, _ filter: ConnectionFilter) -> [(index: UInt32, weight: UInt64)] {
        var candidates: [(index: UInt32, weight: UInt64)] = []
        for index in range {
            guard let session = sessions.live(at: UInt32(index)), filter.takes(session.pointee.connection.record)
            else { continue }
            let weight =
                filter.order == .age
                ? session.pointee.connection.age(now: now) : session.bytes(.inbound) &+ session.bytes(.outbound)
            candidates.append((UInt32(index), weight))
        }
        if candidates.count > filter.limit { candidates.sort { $0.weight > $1.weight } }
        return candidates
    }
}
