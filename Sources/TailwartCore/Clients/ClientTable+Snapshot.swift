/// What one process hands to the next, so that a restart does not forgive a flood.
extension ClientTable {
    /// Who came so often that it is held against the next connection: fingerprints with their seed, and theoretical arrival times.
    ///
    /// Without how many connections there are: those of the old process stay its own. It may end without another word, and a count that nobody
    /// gives back would lock a client out for ever. So for as long as the old one drains, a client may have as many again.
    package struct Snapshot: Sendable, Equatable {
        struct Arrival: Sendable, Equatable {
            let fingerprint: UInt64
            /// In ticks of the monotonic clock, which is the same in all processes of a host (clock_gettime(2)).
            let time: UInt64
        }

        let capacity: Int
        let seed: (UInt64, UInt64)
        var arrivals: [Arrival] = []

        private static let headLength = 24
        private static let arrivalLength = 16
        /// Of the largest table that a file can ask for.
        static let byteLimit = headLength + Allowed.limitTable.upperBound * arrivalLength

        package static func == (one: Snapshot, other: Snapshot) -> Bool {
            one.capacity == other.capacity && one.seed == other.seed && one.arrivals == other.arrivals
        }

        init(capacity: Int, seed: (UInt64, UInt64)) {
            self.capacity = capacity
            self.seed = seed
        }

        /// - Returns: nil if it is none.
        package init?(_ bytes: [UInt8]) {
            guard bytes.count >= Self.headLength, (bytes.count - Self.headLength) % Self.arrivalLength == 0,
                let capacity = Int(exactly: bytes[..<8].number)
            else { return nil }
            self.init(capacity: capacity, seed: (bytes[8..<16].number, bytes[16..<24].number))
            arrivals = stride(from: Self.headLength, to: bytes.count, by: Self.arrivalLength).map { start in
                Arrival(
                    fingerprint: bytes[start..<start + 8].number, time: bytes[start + 8..<start + 16].number)
            }
        }

        package var bytes: [UInt8] {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(Self.headLength + arrivals.count * Self.arrivalLength)
            let numbers = [UInt64(capacity), seed.0, seed.1] + arrivals.flatMap { [$0.fingerprint, $0.time] }
            for number in numbers { withUnsafeBytes(of: number.bigEndian) { bytes += $0 } }
            return bytes
        }
    }

    /// While workers go on.
    ///
    /// - Parameter now: microseconds on the monotonic clock; who may come at once is not worth a word.
    package func snapshot(now: UInt64) -> Snapshot {
        let ticks = now / ClientState.microsecondsPerTick
        var snapshot = Snapshot(capacity: capacity, seed: seed)
        for number in 0..<capacity {
            let before = state(number)
            let fingerprint = fingerprint(number)
            // Else it is of somebody else by now.
            guard !before.isTaken, before.time > ticks, state(number).generation == before.generation else { continue }
            snapshot.arrivals.append(.init(fingerprint: fingerprint, time: before.time))
        }
        return snapshot
    }

    /// Goes on with what another table knew. To be called before any worker asks this one.
    ///
    /// - Returns: false if that one had another capacity: who is in which set is another matter then.
    @discardableResult
    package func adopt(_ snapshot: Snapshot) -> Bool {
        guard snapshot.capacity == capacity else { return false }
        seed = snapshot.seed
        for arrival in snapshot.arrivals where arrival.fingerprint != 0 {
            put(Key(fingerprint: arrival.fingerprint), ClientState(generation: 0, count: 0, time: arrival.time))
        }
        return true
    }
}
