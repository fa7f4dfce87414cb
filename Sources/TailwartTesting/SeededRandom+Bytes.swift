extension SeededRandom {
    /// Fast even in debug builds, where tests move many of them.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        let words = (count + 7) / 8
        return [UInt8](unsafeUninitializedCapacity: words * 8) { buffer, initialized in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for word in 0..<words { raw.storeBytes(of: next(), toByteOffset: word * 8, as: UInt64.self) }
            initialized = count
        }
    }
}
