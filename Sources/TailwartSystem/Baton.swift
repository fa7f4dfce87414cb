import CTailwartLinux
import Glibc

/// Who takes it decides which of the two sides serves: an eventfd that both have (eventfd(2)), and whose one unit one read gets.
package struct Baton: ~Copyable {
    private var descriptor: Descriptor

    package init(owning descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// A new one, which nobody has taken; nil if there is no descriptor for it.
    package init?() {
        let raw = eventfd(1, CInt(EFD_NONBLOCK | EFD_CLOEXEC))
        guard raw >= 0 else { return nil }
        descriptor = Descriptor(owning: raw)
    }

    package var raw: CInt { descriptor.raw }

    /// - Returns: whether it was there.
    package borrowing func take() -> Bool {
        var units: UInt64 = 0
        return read(raw, &units, 8) == 8 && units == 1
    }

    package mutating func close() { descriptor.close() }
}
