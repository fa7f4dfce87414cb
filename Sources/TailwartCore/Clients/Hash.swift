/// A product of 64 by 64 bits whose halves are folded, as in wyhash: two instructions, and good enough where the seed is not known.
enum Hash {
    /// Digits of wyhash, so that a seed of zeros works too.
    static let first: UInt64 = 0xa076_1d64_78bd_642f
    static let second: UInt64 = 0xe703_7ed1_a0b4_28db

    @inline(__always)
    static func mixed(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// To a number under `count` without a division.
    @inline(__always)
    static func reduced(_ hash: UInt64, _ count: Int) -> Int {
        Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(count)).high)
    }
}
