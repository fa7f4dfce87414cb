import Synchronization
package import TailwartWire

/// What is remembered of client networks, for limits: fixed in size, shared by all workers, changed without a lock.
///
/// Sets of eight slots, two words each: a fingerprint of whom it is about, and a ``ClientState``. Whoever is not in its set takes an
/// empty slot, or the one without connections whose time is the oldest: nothing is lost by that where the time is over, as such
/// a network is as one that never came. A set whose slots all have connections leaves no room: whoever comes is served and not counted.
/// Fingerprints are 64 bits of a hash with a secret seed, so that nobody can choose addresses that share a set.
package final class ClientTable: Sendable {
    private static let slotsPerSet = 8
    /// Tries of a change that other workers get in the way of, before the client is served and not counted.
    private static let patience = 64

    /// Whom a slot is about.
    package struct Key: Sendable, Equatable {
        /// Never 0, which is an empty slot.
        let fingerprint: UInt64
    }

    /// What came of counting a connection in.
    package enum Answer: Sendable, Equatable {
        /// To be given back by ``leave(_:)``.
        case entered(Slot)
        case tooMany
        case tooFast
        /// There is no room to remember it.
        case untracked
    }

    package struct Slot: Sendable, Equatable {
        fileprivate let number: UInt32

        package static let none = Slot(number: .max)
    }

    /// How many slots there are.
    package let capacity: Int
    private let sets: UInt64
    // Another one is adopted before anybody asks, if at all.
    nonisolated(unsafe) var seed: (UInt64, UInt64)
    // Written once; what it points to are atomics.
    private nonisolated(unsafe) let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let untrackedCount = Atomic<Int>(0)
    private let evictedCount = Atomic<Int>(0)

    /// - Parameters:
    ///   - capacity: slots, 16 bytes each; rounded up to a whole set.
    ///   - seed: secret and random.
    ///   - old: the table that this one follows: its counts go on.
    package init(capacity: Int, seed: (UInt64, UInt64), counting old: ClientTable? = nil) {
        sets = UInt64(max(1, (capacity + Self.slotsPerSet - 1) / Self.slotsPerSet))
        self.capacity = Int(sets) * Self.slotsPerSet
        self.seed = seed
        words = .allocate(capacity: self.capacity * 2)
        for index in 0..<self.capacity * 2 { (words + index).initialize(to: Atomic(0)) }
        untrackedCount.store(old?.untrackedConnections ?? 0, ordering: .relaxed)
        evictedCount.store(old?.evictions ?? 0, ordering: .relaxed)
    }

    /// Whether it is what ``init(capacity:seed:)`` would make of this capacity.
    func isAsked(for capacity: Int) -> Bool {
        self.capacity == max(1, (capacity + Self.slotsPerSet - 1) / Self.slotsPerSet) * Self.slotsPerSet
    }

    deinit {
        words.deinitialize(count: capacity * 2)
        words.deallocate()
    }

    /// - Parameters:
    ///   - address: of which the first `prefix` bits count.
    ///   - prefix: 0 to 32 for IPv4, 0 to 128 for IPv6; the family counts too.
    ///   - subject: what is counted: a number for each listener and each kind.
    package func key(_ address: IPAddress, prefix: Int, subject: UInt64) -> Key {
        let (high, low): (UInt64, UInt64) =
            switch address.unmapped {
            case .v4(let bits): (prefix == 0 ? 0 : UInt64(bits) >> UInt64(32 - prefix), 0)
            case .v6(let high, let low):
                (
                    prefix >= 64 ? high : prefix == 0 ? 0 : high >> UInt64(64 - prefix),
                    prefix <= 64 ? 0 : low >> UInt64(128 - prefix)
                )
            }
        let kind = UInt64(prefix) << 1 | (address.unmapped.isV4 ? 1 : 0)
        let inner = Hash.mixed(high ^ seed.0, subject ^ kind &* 0x9e37_79b9_7f4a_7c15 ^ seed.1)
        let fingerprint = Hash.mixed(inner ^ low ^ seed.1, seed.0 | 1)
        return Key(fingerprint: fingerprint == 0 ? 1 : fingerprint)
    }

    /// A number for a name, the same in each process (FNV-1a, 64 bits).
    package static func subject(named name: String) -> UInt64 {
        name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    // MARK: - by the workers

    /// A connection comes.
    ///
    /// - Parameter now: microseconds on the monotonic clock.
    package func enter(_ key: Key, _ limit: ClientLimit, now: UInt64) -> Answer {
        let ticks = now / ClientState.microsecondsPerTick
        let entry = update(key, claims: true, now: ticks) { state in
            let entry = state.entering(limit, now: ticks)
            return (entry.state, entry)
        }
        switch entry?.result {
        case .enters: return .entered(entry?.slot ?? .none)
        case .tooMany: return .tooMany
        case .tooFast: return .tooFast
        case .uncountable, nil:
            untrackedCount.add(1, ordering: .relaxed)
            return .untracked
        }
    }

    /// Changes what is remembered of somebody.
    ///
    /// - Parameters:
    ///   - claims: whether one who is not known takes a slot.
    ///   - now: in ticks.
    ///   - change: the new state, nil if it stays, and an answer; asked again where another worker was faster.
    /// - Returns: nil if nothing is known, or there is no room.
    func update<Result>(
        _ key: Key, claims: Bool, now: UInt64, _ change: (ClientState) -> (new: ClientState?, answer: Result)
    ) -> (result: Result, slot: Slot)? {
        for _ in 0..<Self.patience {
            guard let number = find(key) ?? (claims ? claim(key, now: now) : nil) else { return nil }
            let state = state(number)
            guard !state.isTaken, fingerprint(number) == key.fingerprint else { continue }
            let (new, answer) = change(state)
            if new.map({ exchange(number, state, $0) }) ?? true { return (answer, Slot(number: UInt32(number))) }
        }
        return nil
    }

    /// A connection that ``enter(_:_:now:)`` counted in is over.
    package func leave(_ slot: Slot) {
        guard slot != .none else { return }
        let number = Int(slot.number)
        // A slot with connections keeps its owner, so the only thing that may come between is another connection.
        while true {
            let state = state(number)
            precondition(state.count > 0 && !state.isTaken, "a client left twice")
            if exchange(number, state, state.with(count: state.count - 1, time: state.time)) { return }
        }
    }

    private func firstSlot(_ key: Key) -> Int {
        Int(key.fingerprint.multipliedFullWidth(by: sets).high) * Self.slotsPerSet
    }

    private func find(_ key: Key) -> Int? {
        let first = firstSlot(key)
        for number in first..<first + Self.slotsPerSet where fingerprint(number) == key.fingerprint { return number }
        return nil
    }

    /// Takes a slot for a key that has none. Two workers may each take one for the same key in the same moment: each counts some of its
    /// connections, until the one is forgotten.
    ///
    /// - Returns: nil if all slots have connections, or others are faster.
    private func claim(_ key: Key, now: UInt64) -> Int? {
        let first = firstSlot(key)
        var best: (number: Int, state: ClientState)?
        for number in first..<first + Self.slotsPerSet {
            let state = state(number)
            guard state.count == 0, state.time < best?.state.time ?? .max else { continue }
            best = (number, state)
        }
        guard let best, exchange(best.number, best.state, best.state.taken) else { return nil }
        // Whoever read the old fingerprint with the old state fails to change it, as the generation is another one.
        if best.state.time > now { evictedCount.add(1, ordering: .relaxed) }
        words[best.number * 2].store(key.fingerprint, ordering: .releasing)
        let fresh = ClientState(generation: (best.state.generation + 1) & 3, count: 0, time: 0)
        words[best.number * 2 + 1].store(fresh.word, ordering: .releasing)
        return best.number
    }

    /// Puts in what is remembered of a key, while nobody else changes anything.
    func put(_ key: Key, _ state: ClientState) {
        let first = firstSlot(key)
        let slots = first..<first + Self.slotsPerSet
        guard let number = slots.first(where: { [0, key.fingerprint].contains(fingerprint($0)) }) else { return }
        words[number * 2].store(key.fingerprint, ordering: .releasing)
        words[number * 2 + 1].store(state.word, ordering: .releasing)
    }

    func fingerprint(_ number: Int) -> UInt64 { words[number * 2].load(ordering: .acquiring) }

    func state(_ number: Int) -> ClientState {
        ClientState(word: words[number * 2 + 1].load(ordering: .acquiring))
    }

    private func exchange(_ number: Int, _ old: ClientState, _ new: ClientState) -> Bool {
        words[number * 2 + 1].compareExchange(
            expected: old.word, desired: new.word, ordering: .acquiringAndReleasing
        ).exchanged
    }

    // MARK: - by the control plane

    /// Connections that were served and not counted, since there was no room.
    package var untrackedConnections: Int { untrackedCount.load(ordering: .relaxed) }
    /// Networks that were forgotten though they had come lately.
    package var evictions: Int { evictedCount.load(ordering: .relaxed) }

    /// Connections that are counted, each as often as it is.
    package var connections: Int {
        (0..<capacity).reduce(0) { sum, number in
            let state = state(number)
            return state.isTaken ? sum : sum + Int(state.count)
        }
    }

    /// Networks that are remembered, each at each listener, as far as they have connections or a rate to be held against.
    ///
    /// - Parameter now: microseconds on the monotonic clock.
    package func networks(now: UInt64) -> Int {
        let ticks = now / ClientState.microsecondsPerTick
        return (0..<capacity).count { number in
            let state = state(number)
            return state.count > 0 || state.time > ticks
        }
    }
}
