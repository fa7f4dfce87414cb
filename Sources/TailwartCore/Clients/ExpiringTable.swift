/// A table whose entries end, each at its time, and that holds so many and no more: when one more comes, the one that ends first goes; of
/// several, the one that was set first. Setting, ending and making room cost the logarithm of how many there are.
struct ExpiringTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    struct Entry: Sendable {
        var value: Value
        /// Seconds since 1970. `Int.max`: never.
        fileprivate(set) var until: Int
        fileprivate var number: Int
    }

    let limit: Int
    private(set) var entries: [Key: Entry] = [:]
    /// Entries that had to go for others, since the beginning.
    private(set) var crowdedOut = 0
    /// A heap, the first to end on top. What was set anew or removed since stands here too, until its turn.
    private var ends: [(until: Int, number: Int, key: Key)] = []
    private var number = 0

    init(limit: Int) { self.limit = limit }

    var count: Int { entries.count }

    /// When the next entry ends, or is looked at in vain; nil: never.
    var nextDue: Int? { ends.first.flatMap { $0.until == .max ? nil : $0.until } }

    subscript(key: Key) -> Value? { entries[key]?.value }

    /// - Returns: the key that had to go.
    @discardableResult
    mutating func set(_ key: Key, _ value: Value, until: Int) -> Key? {
        number += 1
        entries[key] = Entry(value: value, until: until, number: number)
        if ends.count >= 64, ends.count > 2 * entries.count { rebuild() } else { push((until, number, key)) }
        guard entries.count > limit else { return nil }
        // Not the one that has just come: it would never be heard of.
        while let first = pop() {
            guard isCurrent(first) else { continue }
            guard first.key != key else {
                let second = popCurrent()
                push(first)
                if let second { return crowdOut(second) }
                return nil
            }
            return crowdOut(first.key)
        }
        return nil
    }

    /// Changes a value in place; its time stays.
    mutating func update(_ key: Key, _ change: (inout Value) -> Void) {
        guard var entry = entries[key] else { return }
        change(&entry.value)
        entries[key] = entry
    }

    @discardableResult
    mutating func remove(_ key: Key) -> Value? { entries.removeValue(forKey: key)?.value }

    /// Ends what ends by now.
    mutating func expire(now: Int) -> [(key: Key, value: Value)] {
        var ended: [(key: Key, value: Value)] = []
        while let first = ends.first, first.until <= now {
            _ = pop()
            if isCurrent(first), let entry = entries.removeValue(forKey: first.key) {
                ended.append((first.key, entry.value))
            }
        }
        return ended
    }

    private mutating func crowdOut(_ key: Key) -> Key {
        entries[key] = nil
        crowdedOut += 1
        return key
    }

    private mutating func popCurrent() -> Key? {
        while let next = pop() {
            if isCurrent(next) { return next.key }
        }
        return nil
    }

    private func isCurrent(_ end: (until: Int, number: Int, key: Key)) -> Bool {
        entries[end.key]?.number == end.number
    }

    // MARK: - the heap

    private mutating func rebuild() {
        ends = entries.map { ($0.value.until, $0.value.number, $0.key) }
        // A sorted array is a heap.
        ends.sort { ($0.until, $0.number) < ($1.until, $1.number) }
    }

    private mutating func push(_ end: (until: Int, number: Int, key: Key)) {
        ends.append(end)
        var index = ends.count - 1
        while index > 0, precedes(index, (index - 1) / 2) {
            ends.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func pop() -> (until: Int, number: Int, key: Key)? {
        guard !ends.isEmpty else { return nil }
        ends.swapAt(0, ends.count - 1)
        let first = ends.removeLast()
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < ends.count && precedes(child, least) {
                least = child
            }
            guard least != index else { return first }
            ends.swapAt(index, least)
            index = least
        }
    }

    private func precedes(_ one: Int, _ other: Int) -> Bool {
        (ends[one].until, ends[one].number) < (ends[other].until, ends[other].number)
    }
}
