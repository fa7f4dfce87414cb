/// One coarse deadline per session: set, moved and cleared in constant time, without memory of its own but for three small
/// numbers per slot.
///
/// Four levels of 64 buckets; the further away a deadline, the coarser its bucket, so that none is late by more than about an
/// eighth of its distance and none is ever moved from level to level. A deadline beyond the last level fires early: the owner looks at
/// its own clock and sets it again, as it does when a connection was active meanwhile.
struct TimerWheel: ~Copyable {
    /// Microseconds of the finest bucket, about 65 ms.
    private static let tickShift: UInt64 = 16
    private static let levelShift: UInt64 = 3
    private static let levels = 4
    private static let buckets = 64
    private static let none = UInt32.max

    private var heads = [UInt32](repeating: none, count: levels * buckets)
    private var occupied = [UInt64](repeating: 0, count: levels)
    private var next: [UInt32] = []
    private var previous: [UInt32] = []
    private var bucketOf: [UInt16] = []
    private var tick: UInt64

    /// - Parameter now: microseconds on the monotonic clock, here and in all calls.
    init(now: UInt64) { tick = now >> Self.tickShift }

    /// Sets or moves the deadline of a slot.
    mutating func set(_ index: UInt32, at deadline: UInt64) {
        let slot = Int(index)
        while next.count <= slot {
            next.append(Self.none)
            previous.append(Self.none)
            bucketOf.append(.max)
        }
        clear(index)
        let target = max((deadline >> Self.tickShift) + 1, tick + 1)
        let bucket = Self.bucket(for: target, from: tick)
        bucketOf[slot] = UInt16(bucket)
        previous[slot] = Self.none
        next[slot] = heads[bucket]
        if heads[bucket] != Self.none { previous[Int(heads[bucket])] = index }
        heads[bucket] = index
        occupied[bucket / Self.buckets] |= 1 << UInt64(bucket % Self.buckets)
    }

    mutating func clear(_ index: UInt32) {
        let slot = Int(index)
        guard slot < bucketOf.count, bucketOf[slot] != .max else { return }
        let bucket = Int(bucketOf[slot])
        if previous[slot] == Self.none {
            heads[bucket] = next[slot]
        } else {
            next[Int(previous[slot])] = next[slot]
        }
        if next[slot] != Self.none { previous[Int(next[slot])] = previous[slot] }
        if heads[bucket] == Self.none {
            occupied[bucket / Self.buckets] &= ~(1 << UInt64(bucket % Self.buckets))
        }
        bucketOf[slot] = .max
    }

    /// Goes on towards `now` as far as nothing is due; to be called before deadlines are set.
    ///
    /// How coarse a bucket is depends on how far it is from where the wheel stands: after an hour's sleep a deadline in ten seconds
    /// would look an hour away.
    mutating func advance(to now: UInt64) {
        let target = now >> Self.tickShift
        guard tick < target else { return }
        tick = nextTick.map { min(target, $0 - 1) } ?? target
    }

    /// Takes one slot whose bucket is due; nil when none is left for `now`.
    mutating func popDue(now: UInt64) -> UInt32? {
        let target = now >> Self.tickShift
        while true {
            if let index = popCurrent() { return index }
            guard tick < target else { return nil }
            tick = min(target, nextTick ?? target)
        }
    }

    /// Milliseconds until the next bucket is due, −1 if there is none; never 0.
    func timeout(now: UInt64) -> Int32 {
        guard let due = nextTick else { return -1 }
        let moment = due << Self.tickShift
        return moment <= now ? 1 : Int32(min((moment - now) / 1000 + 1, 3_600_000))
    }

    /// Pops from the buckets that begin at the present tick.
    private mutating func popCurrent() -> UInt32? {
        for level in 0..<Self.levels {
            let shift = Self.levelShift * UInt64(level)
            guard tick & (1 << shift - 1) == 0 else { break }
            let bucket = level * Self.buckets + Int(tick >> shift & 63)
            let index = heads[bucket]
            if index != Self.none {
                clear(index)
                return index
            }
        }
        return nil
    }

    /// The earliest tick after the present one at which a bucket begins that holds something.
    private var nextTick: UInt64? {
        var earliest: UInt64?
        for level in 0..<Self.levels where occupied[level] != 0 {
            let shift = Self.levelShift * UInt64(level)
            let position = tick >> shift
            // Bucket position + 1 becomes bit 0.
            let turned = Self.rotate(occupied[level], by: Int((position + 1) & 63))
            let due = (position + 1 + UInt64(turned.trailingZeroBitCount)) << shift
            earliest = min(earliest ?? due, due)
        }
        return earliest
    }

    private static func rotate(_ bits: UInt64, by count: Int) -> UInt64 {
        count == 0 ? bits : bits >> UInt64(count) | bits << UInt64(64 - count)
    }

    private static func bucket(for target: UInt64, from tick: UInt64) -> Int {
        for level in 0..<levels {
            let shift = levelShift * UInt64(level)
            let position = tick >> shift
            // Rounded up: a bucket never fires before its deadline.
            let wanted = (target + (1 << shift - 1)) >> shift
            if wanted - position < UInt64(buckets) || level == levels - 1 {
                let reachable = min(wanted, position + UInt64(buckets) - 1)
                return level * buckets + Int(reachable & 63)
            }
        }
        return 0
    }
}
