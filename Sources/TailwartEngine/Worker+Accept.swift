import TailwartCore
import TailwartSystem
import TailwartWire

/// accept → admit.
extension Worker {
    /// How long a listener rests when descriptors have run out and not even the reserve helped, in microseconds.
    private static let pause: UInt64 = 100_000

    /// Connections that are taken in one wake-up while others have something to do too.
    private static let acceptsAtOnce = 16

    mutating func startAccepting() {
        isPaused = false
        guard !isDraining else { return }
        for index in accepting.indices where !isPaused { watch(index) }
    }

    private mutating func watch(_ index: Int) {
        guard let socket = accepting[index]?.socket.socket else { return }
        // Failure can only be a lack of memory or of watches (epoll_ctl(2)), which passes.
        if epoll.add(socket.raw, .connections, token: Self.listenerToken | UInt64(index)) != nil { pauseAccepting() }
    }

    private mutating func pauseAccepting() {
        stopAccepting()
        isPaused = true
        resumeAt = now + Self.pause
    }

    /// The edge drains, or another process takes over: takes and serves who waits already, and lets go of the doors. When all workers have, the sockets are closed, and
    /// further clients are refused at once.
    mutating func giveUpDoors() {
        stopAccepting()
        for index in accepting.indices { giveUp(index) }
    }

    /// The topology will change: of doors that it has no longer, takes and serves who waits already, as it is served until now, and lets go
    /// of them.
    ///
    /// First it ceases to watch the socket, then it accepts until nobody is left: who came in between would have woken it, and nobody
    /// else.
    mutating func leaveDoors(without next: Topology, _ opened: [DoorSocket]) {
        for index in accepting.indices {
            guard let socket = accepting[index]?.socket else { continue }
            // Gone and back within one wake-up: the old socket is closed all the same.
            let isReplaced = opened.contains { $0.key == socket.key && $0 !== socket }
            guard isReplaced || next.frontend(of: socket.key) == nil else { continue }
            if !isPaused, !isDraining { epoll.remove(watched: socket.socket) }
            giveUp(index)
        }
    }

    private mutating func giveUp(_ index: Int) {
        takeAll(at: index)
        accepting[index] = nil
    }

    private mutating func takeAll(at index: Int) {
        guard let door = accepting[index] else { return }
        // As many as can wait: a socket whose every accept failed would be asked for ever.
        for _ in 0..<ListeningSocket.backlog where !acceptOne(door) { break }
    }

    /// Takes who waits without having been woken for it.
    mutating func look() {
        for index in accepting.indices where !isPaused { takeAll(at: index) }
    }

    /// The topology has changed: takes the sockets that were opened for new doors, and serves each door as the listener that it belongs to
    /// now.
    mutating func changeDoors(_ opened: [DoorSocket]) {
        let isWatching = !isPaused && !isDraining
        for index in accepting.indices {
            guard let socket = accepting[index]?.socket else { continue }
            accepting[index] = Accepting(socket, topology)
        }
        for socket in opened where !accepting.contains(where: { $0?.door.key == socket.key }) {
            guard let new = Accepting(socket, topology) else { continue }
            let index = accepting.firstIndex { $0 == nil } ?? accepting.count
            if index == accepting.count { accepting.append(new) } else { accepting[index] = new }
            if isWatching, !isPaused { watch(index) }
        }
    }

    mutating func stopAccepting() {
        guard !isPaused else {
            isPaused = false
            return
        }
        for accepting in accepting { if let accepting { epoll.remove(watched: accepting.socket.socket) } }
    }

    /// A listening socket has connections: takes one, and more where other work of this wake-up stands between it and the next.
    ///
    /// The socket is watched for its state and reports again while there are more, together with whatever else is ready then. So
    /// a worker that has nothing else to do makes no call only to hear "would block", and a flood is shared by those that wait; one that
    /// moves many bytes meanwhile does not let new clients wait for them.
    mutating func accept(_ index: Int) {
        // Nil: of a door that went in the same moment.
        guard let accepting = accepting[index] else { return }
        var left = batch > 1 || !queue.isEmpty ? Self.acceptsAtOnce : 1
        while left > 0, acceptOne(accepting) { left -= 1 }
        if hasMoreThanItsShare { letOthersGoFirst(index) }
    }

    /// Connections over a fair share, before a worker steps back.
    private static let headStart = 16

    /// Asked once in so many connections, as stepping back costs two calls.
    private var hasMoreThanItsShare: Bool {
        guard parts.workers > 1, nextID % UInt64(Self.headStart) == 0 else { return false }
        return sessions.count > topology.headcount.live / parts.workers + Self.headStart
    }

    /// With `EPOLLEXCLUSIVE` the kernel wakes the first of the workers that wait, in the order in which they began to watch the socket, so
    /// that one of them would get all slow connections: watches anew, behind the others.
    private mutating func letOthersGoFirst(_ index: Int) {
        guard !isPaused, let socket = accepting[index]?.socket.socket else { return }
        epoll.remove(watched: socket)
        watch(index)
    }

    /// - Returns: whether there may be more.
    private mutating func acceptOne(_ accepting: Accepting) -> Bool {
        switch accepting.socket.socket.accept() {
        case .connection(let descriptor, let address):
            if mayServe(descriptor.raw) {
                begin(descriptor, from: address, on: accepting)
            } else {
                parts.inbox.shortage = .tooManyDescriptors
                shed(descriptor, from: address, on: accepting)
            }
            return true
        case .failed(let error) where error.isShortage:
            parts.inbox.shortage = error
            makeRoom(accepting)
            return false
        // Another worker was faster.
        case .wouldBlock: return false
        // The client left before it was accepted (accept(2) passes such errors on).
        case .failed: return true
        }
    }

    /// Whether a connection with this descriptor leaves the edge those that it needs for itself.
    private mutating func mayServe(_ raw: CInt) -> Bool {
        guard raw >= descriptorLimit else { return true }
        pipes.closeIdle()
        // Somebody may have raised it meanwhile (prlimit(1)).
        descriptorLimit = DescriptorLimit.ofConnections
        pipes.descriptorLimit = descriptorLimit
        return raw < descriptorLimit
    }

    /// Descriptors have run out all the same: gives up the reserve to take one connection and close it, so that its client learns at once
    /// and the listener does not report it for ever; then rests if there is no way on.
    private mutating func makeRoom(_ accepting: Accepting) {
        pipes.closeIdle()
        reserve.close()
        let isStuck = !shedOne(accepting)
        reserve = Descriptor.reserve()
        if isStuck || !reserve.isOpen { pauseAccepting() }
    }

    /// - Returns: false if not even the reserve's descriptor was enough.
    private mutating func shedOne(_ accepting: Accepting) -> Bool {
        switch accepting.socket.socket.accept() {
        case .connection(let descriptor, let address):
            shed(descriptor, from: address, on: accepting)
            return true
        case .wouldBlock: return true
        case .failed: return false
        }
    }

    /// Tells the client why it is not served, if that can be done at once, and closes.
    private mutating func shed(
        _ descriptor: consuming Descriptor, from address: InternetAddress?, on accepting: Accepting
    ) {
        accepting.door.accept()
        accepting.door.end(.descriptorLimit, inbound: 0, outbound: 0)
        var record = Record(
            retaining: topology, id: takeID(), acceptedAt: Clock.wall(), frontend: accepting.frontend)
        record.client = address?.unmapped
        record.ending = Ending(.edge, .descriptorLimit)
        let socket = descriptor.socket
        // What has come already is taken out, as closing with unread bytes would reset the words away.
        let count = if case .count(let count) = socket.receive(buffer) { count } else { 0 }
        if let words = accepting.frontend.unavailable.words(behind: bytes(count).span) {
            record.wasRefused = words.withUnsafeBytes { socket.send($0, more: true) } == .count(words.count)
            socket.shutDownWrite()
        }
        descriptor.close()
        parts.ring.push(record)
    }

    private mutating func begin(
        _ descriptor: consuming Descriptor, from address: InternetAddress?, on accepting: Accepting
    ) {
        var record = Record(
            retaining: topology, id: takeID(), acceptedAt: Clock.wall(), frontend: accepting.frontend)
        record.client = address?.unmapped
        let session = sessions.insert(
            Connection(
                record, door: accepting.door, port: accepting.port, destination: accepting.address, now: now),
            client: descriptor)
        perform(session, session.pointee.connection.begin(&around))
    }

    private mutating func takeID() -> UInt64 {
        nextID &+= 1
        return nextID
    }
}

/// A door that a worker watches, and the listener that it belongs to in the worker's topology.
struct Accepting {
    let socket: DoorSocket
    let door: Door
    let frontend: Frontend
    /// Nil where each connection must be asked: a wildcard address or a unix socket.
    let address: InternetAddress?
    /// 0 for a unix socket.
    let port: UInt16

    /// Nil if the topology has no such door.
    init?(_ socket: DoorSocket, _ topology: Topology) {
        guard let frontend = topology.frontend(of: socket.key), let door = topology.door(socket.key) else { return nil }
        self.socket = socket
        self.door = door
        self.frontend = frontend
        address = socket.address.flatMap { $0.ip.isUnspecified ? nil : $0 }
        port = socket.address?.port ?? 0
    }
}

extension Epoll {
    /// A socket that is not watched after all is as good as removed.
    fileprivate func remove(watched socket: Socket) { _ = remove(socket.raw) }
}
