import Glibc

/// The owner of a file descriptor.
///
/// There is exactly one owner, and it closes explicitly: an open descriptor that goes out of scope is a leak and stops a debug
/// build (a release build closes it). Closing twice cannot be written.
package struct Descriptor: ~Copyable, Sendable {
    /// −1 for none.
    package private(set) var raw: CInt

    /// Takes ownership of `raw`.
    package init(owning raw: CInt) { self.raw = raw }

    /// Owns nothing; a place for a descriptor to come.
    package init() { raw = -1 }

    package var isOpen: Bool { raw >= 0 }

    /// Closes it; nothing to do if there is none.
    ///
    /// `EBADF` traps: numbers are reused lowest first, so closing a stale one would soon close somebody else's. `EINTR` counts as
    /// closed on Linux.
    package mutating func close() {
        guard raw >= 0 else { return }
        let result = Glibc.close(raw)
        precondition(result == 0 || errno != EBADF, "closed a descriptor that was not open")
        raw = -1
    }

    /// Gives the descriptor up without closing it.
    package consuming func release() -> CInt {
        let released = raw
        raw = -1
        return released
    }

    /// Takes the descriptor out, leaving none behind.
    package mutating func take() -> Descriptor {
        let taken = raw
        raw = -1
        return Descriptor(owning: taken)
    }

    deinit {
        guard raw >= 0 else { return }
        assertionFailure("descriptor \(raw) was not closed")
        _ = Glibc.close(raw)
    }
}

extension Descriptor {
    /// Something to hold, so that it can be let go when descriptors run out.
    package static func reserve() -> Descriptor {
        Descriptor(owning: open("/dev/null", O_RDONLY | O_CLOEXEC))
    }
}
