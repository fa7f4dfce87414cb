package import TailwartCore
package import TailwartSystem
package import TailwartWire

/// The data plane as the control plane sees it: apply a snapshot, drain, stop, read counters and records.
package final class Engine: Sendable {
    private let mailboxes: [Mailbox]
    private let threads: [Thread]
    private let admission: Admission
    /// One per worker; each is to be read by one thread.
    package let records: [RecordRing]

    /// What there is to know about the engine at a glance.
    package struct Counters: Sendable, Equatable {
        package var live: Int
        package var accepted: Int
        package var lostRecords: Int
    }

    /// Starts the workers.
    ///
    /// - Parameters:
    ///   - sockets: they stay the caller's, who closes them after ``join()``.
    ///   - workers: threads, at least 1.
    ///   - idSeed: where record ids begin; different at each start.
    ///   - recordReader: rung when records arrive.
    package init(
        snapshot: Snapshot, sockets: [ListenerSocket], workers: Int, idSeed: UInt64, recordReader: Waker
    ) throws(SystemError) {
        Signals.ignoreBrokenPipes()
        let admission = try Admission(listeners: snapshot.listeners.count)
        let accepting = sockets.map { socket in
            Worker.Accepting(
                socket: socket.socket, listener: socket.listener,
                address: socket.address.flatMap { $0.ip.isUnspecified ? nil : $0 }, port: socket.address?.port ?? 0)
        }
        var mailboxes: [Mailbox] = []
        var records: [RecordRing] = []
        var threads: [Thread] = []
        for number in 0..<max(1, workers) {
            do throws(SystemError) {
                let mailbox = try Mailbox()
                let ring = RecordRing(reader: recordReader)
                let parts = Worker.Parts(
                    number: number, workers: max(1, workers), listeners: accepting, snapshot: snapshot,
                    mailbox: mailbox, ring: ring,
                    admission: admission, idSeed: idSeed &+ UInt64(number) << 48, epoll: try Epoll.create())
                threads.append(
                    try Thread(name: "worker \(number)") {
                        var worker = Worker(parts)
                        worker.run()
                    })
                mailboxes.append(mailbox)
                records.append(ring)
            } catch {
                for mailbox in mailboxes { mailbox.post { $0.stops = true } }
                for thread in threads { thread.join() }
                throw error
            }
        }
        self.mailboxes = mailboxes
        self.threads = threads
        self.records = records
        self.admission = admission
    }

    package var counters: Counters {
        Counters(
            live: admission.live, accepted: admission.acceptedSoFar, lostRecords: records.reduce(0) { $0 + $1.lost })
    }

    /// Rung when the engine drains and no connection is open.
    package var idle: Waker { admission.idle }

    /// New connections are served by this snapshot from now on; the others end as they began.
    package func apply(_ snapshot: Snapshot) {
        for mailbox in mailboxes { mailbox.post { $0.snapshot = snapshot } }
    }

    /// Ends the connections to places that became unwell.
    ///
    /// - Parameter places: numbers on the board.
    package func close(places: Set<Int>, of board: HealthBoard) {
        for mailbox in mailboxes {
            mailbox.post { message in
                let before = message.closes.flatMap { $0.board === board ? $0.places : nil } ?? []
                message.closes = Mailbox.UnwellPlaces(board: board, places: before.union(places))
            }
        }
    }

    /// Stops accepting; connections go on.
    package func drain() {
        admission.drain()
        for mailbox in mailboxes { mailbox.post { $0.drains = true } }
    }

    /// Ends all connections and the workers.
    package func stop() {
        for mailbox in mailboxes { mailbox.post { $0.stops = true } }
    }

    /// Waits until the workers have ended.
    package func join() {
        for thread in threads { thread.join() }
    }
}

/// A listening socket that somebody else owns, and the number of the listener that it belongs to.
package struct ListenerSocket: Sendable {
    package let socket: Socket
    package let listener: Int
    /// Nil for a unix socket.
    package let address: InternetAddress?

    package init(_ socket: borrowing ListeningSocket, listener: Int) {
        self.socket = socket.socket
        self.listener = listener
        address = socket.address
    }
}
