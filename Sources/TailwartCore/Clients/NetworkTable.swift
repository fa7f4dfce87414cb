package import TailwartWire

/// An immutable set of networks, each with a number, that answers for an address: the network with the longest prefix that it lies in.
///
/// A hash table that is asked once for each prefix length in use, the longest first, so that the cost is that of the lengths and not of the
/// networks. A bucket is one line of the cache, and is compared without a branch for each slot: nearly every question reads one line, and the
/// processor goes on to the next length while it waits for it. Of IPv4 a directory by the first bits of the address says which lengths there are
/// around it: as a rule one or none. At most half of the slots are used: with the directory 16 to 24 bytes for an IPv4 network, and 43 for one
/// of IPv6, whatever their number.
///
/// An IPv4-mapped address, and a network of such, counts as IPv4 (RFC 4291 section 2.5.5.2). Of two entries with the same network the last one
/// stands.
package struct NetworkTable: Sendable {
    private let seed: (UInt64, UInt64)
    private let slotsV4: CacheLines
    private let slotsV6: CacheLines
    private let directory: Directory
    /// The longest first.
    private let lengthsV6: [UInt8]

    /// - Parameter seed: random, so that nobody can choose networks that meet in one bucket.
    package init(_ entries: [(Network, UInt16)], seed: (UInt64, UInt64)) {
        var builder = Builder(ofV4: entries.count { $0.0.isV4 }, ofV6: entries.count { !$0.0.isV4 }, seed: seed)
        for (network, value) in entries { builder.insert(network, value) }
        self.init(builder)
    }

    /// - Parameter lists: each with the number of all of its networks.
    package init(lists: [(PackedNetworks, UInt16)], seed: (UInt64, UInt64)) {
        var builder = Builder(
            ofV4: lists.reduce(0) { $0 + $1.0.countV4 }, ofV6: lists.reduce(0) { $0 + $1.0.countV6 }, seed: seed)
        for (networks, value) in lists { networks.forEach { builder.insert($0, value) } }
        self.init(builder)
    }

    /// None.
    package init() { self.init(Builder(ofV4: 0, ofV6: 0, seed: (0, 0))) }

    private init(_ builder: Builder) {
        seed = builder.seed
        (slotsV4, slotsV6, directory) = (builder.slotsV4, builder.slotsV6, builder.directory)
        lengthsV6 = (0...128).reversed().filter { builder.lengthsV6[$0] }.map { UInt8($0) }
    }

    package var isEmpty: Bool { slotsV4.count == 0 && lengthsV6.isEmpty }

    /// Of the memory that grows with the number of networks.
    package var byteCount: Int { (slotsV4.count + slotsV6.count) * CacheLines.bytes + directory.byteCount }

    /// The number of the longest network that an address lies in, and how long its prefix is: of IPv4, 0 to 32.
    package func value(of address: IPAddress) -> (value: UInt16, prefix: Int)? { search(address) {} }

    /// How many lines of the cache are read to find that.
    package func linesRead(for address: IPAddress) -> Int {
        var count = 0
        _ = search(address) { count += 1 }
        return count
    }

    @inline(__always)
    private func search(_ address: IPAddress, onLine: () -> Void) -> (value: UInt16, prefix: Int)? {
        switch address.unmapped {
        case .v4(let bits):
            var lengths = directory.lengths(around: bits)
            while let length = lengths.popLongest() {
                let key = KeyV4(bits, length: length)
                var bucket = key.bucket(of: slotsV4, seed)
                while true {
                    onLine()
                    let line = slotsV4[bucket]
                    let found = key.find(in: line)
                    if found != 0 { return (UInt16(truncatingIfNeeded: found), Int(length)) }
                    guard line[KeyV4.lastSlot] != 0 else { break }
                    bucket = bucket + 1 == slotsV4.count ? 0 : bucket + 1
                }
            }
        case .v6(let high, let low):
            for index in lengthsV6.indices {
                let key = KeyV6(high, low, length: lengthsV6[index])
                var bucket = key.bucket(of: slotsV6, seed)
                while true {
                    onLine()
                    let line = slotsV6[bucket]
                    let found = key.find(in: line)
                    if found != 0 { return (UInt16(truncatingIfNeeded: found), Int(lengthsV6[index])) }
                    guard KeyV6.overflows(line) else { break }
                    bucket = bucket + 1 == slotsV6.count ? 0 : bucket + 1
                }
            }
        }
        return nil
    }
}

extension NetworkTable {
    /// What a table is made of; its memory is written by nobody else, and by nobody after it.
    fileprivate struct Builder {
        let seed: (UInt64, UInt64)
        let slotsV4: CacheLines
        let slotsV6: CacheLines
        var directory: Directory
        var lengthsV6 = [Bool](repeating: false, count: 129)

        /// - Parameters: how many at most, of each family.
        init(ofV4 countV4: Int, ofV6 countV6: Int, seed: (UInt64, UInt64)) {
            self.seed = seed
            slotsV4 = CacheLines(count: (2 * countV4 + KeyV4.slots - 1) / KeyV4.slots)
            slotsV6 = CacheLines(count: (2 * countV6 + KeyV6.slots - 1) / KeyV6.slots)
            directory = Directory(ofNetworks: countV4)
        }

        mutating func insert(_ network: Network, _ value: UInt16) {
            let prefix = UInt8(truncatingIfNeeded: network.prefix)
            switch (network.base, network.isV4) {
            case (.v4(let bits), _): insert(KeyV4(bits, length: prefix), value)
            case (.v6(_, let low), true):
                insert(KeyV4(UInt32(truncatingIfNeeded: low), length: prefix - 96), value)
            case (.v6(let high, let low), false): insert(KeyV6(high, low, length: prefix), value)
            }
        }

        private mutating func insert(_ key: KeyV4, _ value: UInt16) {
            directory.note(key)
            var bucket = key.bucket(of: slotsV4, seed)
            while true {
                let line = slotsV4[bucket]
                for slot in 0..<KeyV4.slots where line[slot] == 0 || line[slot] & KeyV4.mask == key.word {
                    line[slot] = key.word | UInt64(value)
                    return
                }
                bucket = bucket + 1 == slotsV4.count ? 0 : bucket + 1
            }
        }

        private mutating func insert(_ key: KeyV6, _ value: UInt16) {
            lengthsV6[Int(key.length)] = true
            var bucket = key.bucket(of: slotsV6, seed)
            while true {
                let line = slotsV6[bucket]
                for slot in 0..<KeyV6.slots where KeyV6.tag(line, slot) == 0 || key.found(line, slot) != 0 {
                    key.write(value, to: line, slot)
                    return
                }
                line[7] |= 1 << 32
                bucket = bucket + 1 == slotsV6.count ? 0 : bucket + 1
            }
        }
    }
}

extension Network {
    /// Whether it counts as IPv4, mapped or not.
    fileprivate var isV4: Bool { base.isV4 || prefix >= 96 && base.unmapped.isV4 }
}

/// A prefix of IPv4 as a bucket of eight slots has it: the address, the length, and a bit that makes it unlike a free slot; the number of its
/// network is in the lowest 16 bits.
private struct KeyV4 {
    static let slots = 8
    static let lastSlot = 7
    /// All but the number.
    static let mask = ~UInt64(0xffff)

    let word: UInt64
    let length: UInt8

    var address: UInt32 { UInt32(truncatingIfNeeded: word >> 32) }

    /// - Parameter length: 0 to 32.
    init(_ address: UInt32, length: UInt8) {
        self.length = length
        let masked = address & (UInt32.max << UInt32(32 - length))
        word = UInt64(masked) << 32 | UInt64(length) << 24 | 1 << 16
    }

    func bucket(of lines: CacheLines, _ seed: (UInt64, UInt64)) -> Int {
        Hash.reduced(Hash.mixed(word ^ seed.0, seed.1 ^ Hash.first), lines.count)
    }

    /// Its slot; 0 if it is not there.
    @inline(__always)
    func find(in line: CacheLines.Line) -> UInt64 {
        var found: UInt64 = 0
        for slot in 0..<Self.slots { found |= line[slot] & Self.mask == word ? line[slot] : 0 }
        return found
    }
}

/// Which prefix lengths the networks have that begin with the same bits of an IPv4 address, or lie around them: as many parts as there are networks, so that
/// in most of them there is one.
private struct Directory {
    /// Prefix lengths; bit 0 is the length 0.
    struct Lengths {
        fileprivate var bits: UInt64

        @inline(__always)
        mutating func popLongest() -> UInt8? {
            guard bits != 0 else { return nil }
            let length = 63 - bits.leadingZeroBitCount
            bits ^= 1 << UInt64(length)
            return UInt8(truncatingIfNeeded: length)
        }
    }

    /// A power of two of them, at most one for each /20.
    private static let longestBits: UInt32 = 20

    /// Bits of the address that make up the place of a part.
    private let bits: UInt32
    /// Lengths of 1 to 32 in each part; the longest is the highest bit.
    private var parts: [UInt32]
    private var hasZero: UInt64 = 0

    init(ofNetworks count: Int) {
        bits = min(UInt32(Int.bitWidth - max(count - 1, 0).leadingZeroBitCount), Self.longestBits)
        parts = [UInt32](repeating: 0, count: 1 << Int(bits))
    }

    var byteCount: Int { parts.count * 4 }

    @inline(__always)
    func lengths(around address: UInt32) -> Lengths {
        Lengths(bits: UInt64(parts[Int(address >> (32 - bits))]) << 1 | hasZero)
    }

    mutating func note(_ key: KeyV4) {
        guard key.length > 0 else {
            hasZero = 1
            return
        }
        let flag: UInt32 = 1 << UInt32(key.length - 1)
        let first = Int(key.address >> (32 - bits))
        // A network that is wider than a part and was noted before: many of the same must not take long.
        guard parts[first] & flag == 0 else { return }
        let count = key.length >= bits ? 1 : 1 << Int(bits - UInt32(key.length))
        for part in first..<(first + count) { parts[part] |= flag }
    }
}

/// A prefix of IPv6 as a bucket of three slots has it: three upper halves, three lower ones, and of each a tag of 32 bits: one that makes it unlike
/// a free slot, the length, and the number of its network in the lowest 16 bits. The last 32 bits say whether the bucket overflows.
private struct KeyV6 {
    static let slots = 3

    let high: UInt64
    let low: UInt64
    let length: UInt8

    /// - Parameter length: 0 to 128.
    init(_ high: UInt64, _ low: UInt64, length: UInt8) {
        self.length = length
        self.high = length >= 64 ? high : high & ~(UInt64.max >> UInt64(length))
        self.low = length <= 64 ? 0 : low & (UInt64.max << UInt64(128 - length))
    }

    private var upperTag: UInt64 { 1 << 15 | UInt64(length) }

    func bucket(of lines: CacheLines, _ seed: (UInt64, UInt64)) -> Int {
        let mixed = Hash.mixed(high ^ seed.0, low ^ seed.1 ^ Hash.first)
        return Hash.reduced(Hash.mixed(mixed ^ UInt64(length), seed.1 ^ Hash.second), lines.count)
    }

    static func tag(_ line: CacheLines.Line, _ slot: Int) -> UInt64 {
        line[6 + slot / 2] >> UInt64(32 * (slot % 2)) & 0xffff_ffff
    }

    /// Whether a network that belongs here had to go to the next bucket.
    static func overflows(_ line: CacheLines.Line) -> Bool { line[7] >> 32 != 0 }

    /// Its tag; 0 if it is not in this slot.
    @inline(__always)
    func found(_ line: CacheLines.Line, _ slot: Int) -> UInt64 {
        let tag = Self.tag(line, slot)
        return (line[slot] ^ high) | (line[3 + slot] ^ low) | (tag >> 16 ^ upperTag) == 0 ? tag : 0
    }

    @inline(__always)
    func find(in line: CacheLines.Line) -> UInt64 { found(line, 0) | found(line, 1) | found(line, 2) }

    func write(_ value: UInt16, to line: CacheLines.Line, _ slot: Int) {
        line[slot] = high
        line[3 + slot] = low
        let shift = UInt64(32 * (slot % 2))
        line[6 + slot / 2] &= ~(0xffff_ffff << shift)
        line[6 + slot / 2] |= (upperTag << 16 | UInt64(value)) << shift
    }
}

/// Memory of zeros, in lines of the processor's cache of eight words each.
private final class CacheLines: @unchecked Sendable {
    // Sendable: written only while a table is built, before any other thread has it.
    typealias Line = UnsafeMutablePointer<UInt64>

    static let words = 8
    static let bytes = 64

    let count: Int
    private let start: UnsafeMutablePointer<UInt64>

    init(count: Int) {
        self.count = count
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * Self.bytes, alignment: Self.bytes)
        start = bytes.initializeMemory(as: UInt64.self, repeating: 0, count: max(count, 1) * Self.words)
    }

    @inline(__always)
    subscript(line: Int) -> Line { start + line * Self.words }

    deinit { UnsafeMutableRawPointer(start).deallocate() }
}
