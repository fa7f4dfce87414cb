import TailwartCore
import TailwartSystem
import TailwartWire

/// Sockets that are connected to an upstream before the client comes, so that it does not pay for the way there.
///
/// Only where the upstream waits for a PROXY header: it has greeted nobody yet. How long it waits is learned: ``WarmWait``.
struct WarmPool: ~Copyable {
    /// Between two looks at the pool, in microseconds.
    static let interval: UInt64 = 250_000

    /// A place that is to be kept warm.
    struct Wanted {
        let place: Place
        let dialled: Dialled
        let count: Int
        /// Whether a PROXY v2 header can say that nobody came, so that the mailbox does not take the end for a fault.
        let saysLocal: Bool
        /// Microseconds.
        let connectLimit: UInt64
        var wait = WarmWait()

        func isAt(_ other: Wanted) -> Bool { place === other.place && dialled == other.dialled }
    }

    struct Spare {
        /// Owned; −1 for none.
        var socket: CInt
        let dialled: Dialled
        var wanted: Int
        let since: UInt64
        var isConnected: Bool
        let serial: UInt32
    }

    /// What epoll gives back: which slot, and which socket in it.
    struct Token {
        let rawValue: UInt64

        init(rawValue: UInt64) { self.rawValue = rawValue }
        init(slot: Int, serial: UInt32) { rawValue = UInt64(slot) << 32 & 0xffff_0000_0000 | UInt64(serial) }

        var slot: Int { Int(rawValue >> 32) }
        var serial: UInt32 { UInt32(truncatingIfNeeded: rawValue) }
    }

    private(set) var wanted: [Wanted] = []
    private var spares: [Spare?] = []
    private var serial: UInt32 = 0
    /// Microseconds on the monotonic clock; never while nothing is wanted.
    private(set) var nextCheck = UInt64.max

    /// Changes what is wanted. Sockets to a place that is wanted still, at the same address, are kept, and so is what was learned of it.
    mutating func want(_ new: [Wanted], now: UInt64) {
        let old = wanted
        let isSame =
            old.count == new.count
            && zip(old, new).allSatisfy {
                $0.isAt($1) && $0.count == $1.count && $0.saysLocal == $1.saysLocal
                    && $0.connectLimit == $1.connectLimit
            }
        guard !isSame else { return }
        var left = new.map(\.count)
        for slot in spares.indices {
            guard let spare = spares[slot] else { continue }
            let number = new.firstIndex { $0.isAt(old[spare.wanted]) }
            if let number, left[number] > 0 {
                left[number] -= 1
                spares[slot]?.wanted = number
            } else {
                close(slot)
            }
        }
        wanted = new.map { wish in
            var wish = wish
            if let known = old.first(where: wish.isAt) { wish.wait = known.wait }
            return wish
        }
        nextCheck = wanted.isEmpty ? .max : now
    }

    mutating func checked(now: UInt64) { nextCheck = now + Self.interval }

    /// The slots whose sockets have waited long enough, or do not get connected.
    func overdue(now: UInt64) -> [Int] {
        spares.indices.filter { slot in
            guard let spare = spares[slot] else { return false }
            let wish = wanted[spare.wanted]
            let age = now - spare.since
            return spare.isConnected ? wish.wait.isOver(age: age, slot: slot) : age >= wish.connectLimit
        }
    }

    /// The wishes that are not fulfilled, each as often as a socket is missing.
    func missing(now: UInt64) -> [Int] {
        wanted.indices.flatMap { index -> [Int] in
            let wish = wanted[index]
            guard wish.wait.mayConnect(at: now) else { return [] }
            let there = spares.count { $0?.wanted == index }
            return Array(repeating: index, count: max(0, wish.count - there))
        }
    }

    /// Keeps a socket, which the pool owns from now on.
    mutating func keep(_ descriptor: consuming Descriptor, for index: Int, isConnected: Bool, now: UInt64) -> Token {
        serial &+= 1
        let spare = Spare(
            socket: descriptor.release(), dialled: wanted[index].dialled, wanted: index, since: now,
            isConnected: isConnected, serial: serial)
        let slot: Int
        if let vacant = spares.firstIndex(where: { $0 == nil }) {
            spares[vacant] = spare
            slot = vacant
        } else {
            spares.append(spare)
            slot = spares.count - 1
        }
        return Token(slot: slot, serial: serial)
    }

    /// Nil if the socket that the token names is gone.
    func find(_ token: Token) -> Spare? {
        guard token.slot < spares.count, let spare = spares[token.slot], spare.serial == token.serial else {
            return nil
        }
        return spare
    }

    mutating func markConnected(_ token: Token) { spares[token.slot]?.isConnected = true }

    /// A connected socket for a place, which becomes the caller's: the one that has waited the shortest.
    mutating func take(place: Place) -> Spare? {
        var best: Int?
        for (slot, spare) in spares.enumerated() {
            guard let spare, spare.isConnected, wanted[spare.wanted].place === place else { continue }
            if let found = best, let other = spares[found], other.since >= spare.since { continue }
            best = slot
        }
        guard let best else { return nil }
        defer { spares[best] = nil }
        return spares[best]
    }

    /// The upstream closed a waiting socket, or said something unasked.
    mutating func spoiled(_ token: Token, now: UInt64) {
        guard let spare = find(token) else { return }
        wanted[spare.wanted].wait.spoiled(age: spare.isConnected ? now - spare.since : nil, at: now)
        // A header would be an answer to one who is gone, or a command to one who expects none.
        spares[token.slot]?.isConnected = false
        close(token.slot)
    }

    /// A socket waited as long as it may.
    mutating func outlived(_ slot: Int) {
        if let spare = spares[slot], spare.isConnected { wanted[spare.wanted].wait.outlived() }
        close(slot)
    }

    /// A place could not be dialled.
    mutating func failed(_ index: Int, now: UInt64) { wanted[index].wait.failed(at: now) }

    mutating func close(_ slot: Int) {
        guard let spare = spares[slot] else { return }
        var descriptor = Descriptor(owning: spare.socket)
        if spare.isConnected, wanted[spare.wanted].saysLocal {
            var header = InlineArray<16, UInt8>(repeating: 0)
            var span = header.mutableSpan
            let length = ProxyHeader.writeV2Local(into: &span)
            _ = header.span.withUnsafeBytes { descriptor.socket.send(UnsafeRawBufferPointer(rebasing: $0[..<length])) }
        }
        descriptor.close()
        spares[slot] = nil
    }

    mutating func closeAll() {
        for slot in spares.indices { close(slot) }
    }
}
