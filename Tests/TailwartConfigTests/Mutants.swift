/// Files that are nearly right: they reach further into the loader than random bytes.
struct Mutants {
    private static let pieces = [
        "\t", "\n", " ", ":", "-", "[", "]", "{", "}", "*a", "&a ", "!", "|", ">", "'", "\"", "\\", "${", "}", "$", "#",
        "\u{0}", "\u{E000}", "ä", "---\n", "? ", "<<", "65536", "-1", "99999999999999999999", "::", "/33", "*.", "\r",
    ]

    private let files: [String]
    private var random: SplitMix

    /// - Parameter files: texts to begin with, at least one.
    init(of files: [String], seed: UInt64) {
        self.files = files
        random = SplitMix(seed: seed)
    }

    mutating func next() -> [UInt8] {
        var bytes = Array(files[random.below(files.count)].utf8)
        for _ in 0...random.below(4) {
            let place = random.below(bytes.count + 1)
            switch random.below(4) {
            case 0: bytes.insert(contentsOf: Array(Self.pieces[random.below(Self.pieces.count)].utf8), at: place)
            case 1: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(8)))
            case 2 where place < bytes.count: bytes[place] = UInt8(random.below(256))
            default:
                let start = random.below(bytes.count + 1)
                bytes.insert(contentsOf: bytes[start..<min(bytes.count, start + random.below(40))], at: place)
            }
        }
        return bytes
    }
}

/// SplitMix64: the same numbers for the same seed everywhere.
private struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func below(_ limit: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ mixed >> 31) % UInt64(limit))
    }
}
