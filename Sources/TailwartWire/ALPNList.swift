/// The protocol names that a client offers, in its order of preference, without a heap.
package struct ALPNList: Sendable, Equatable {
    /// Names with their length bytes, as on the wire (RFC 7301 section 3.1).
    private var wire = InlineBytes()
    /// Whether later names were left out because all together are longer than 255 bytes. The names that are here are
    /// whole.
    package private(set) var isTruncated = false

    package init() {}

    package var isEmpty: Bool { wire.isEmpty }

    package func contains(_ name: some Collection<UInt8>) -> Bool {
        var start = 0
        while start < wire.count {
            let end = start + 1 + Int(wire[start])
            if name.count == end - start - 1 {
                var index = start + 1
                for byte in name {
                    guard wire[index] == byte else { break }
                    index += 1
                }
                if index == end { return true }
            }
            start = end
        }
        return false
    }

    /// Whether a name of `length` bytes still fits. Once one did not, none does, so that what is kept is a beginning of
    /// the list.
    mutating func makeRoom(length: Int) -> Bool {
        if wire.count + 1 + length > InlineBytes.capacity { isTruncated = true }
        return !isTruncated
    }

    /// Adds a length byte or a byte of a name, after ``makeRoom(length:)`` allowed it.
    mutating func append(_ byte: UInt8) {
        wire.append(byte)
    }
}

extension ALPNList: Sequence {
    package struct Iterator: IteratorProtocol {
        fileprivate let wire: InlineBytes
        fileprivate var offset = 0

        package mutating func next() -> InlineBytes? {
            guard offset < wire.count else { return nil }
            let end = offset + 1 + Int(wire[offset])
            var name = InlineBytes()
            for index in (offset + 1)..<end { name.append(wire[index]) }
            offset = end
            return name
        }
    }

    package func makeIterator() -> Iterator { Iterator(wire: wire) }
}
