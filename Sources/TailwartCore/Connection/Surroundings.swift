/// What a connection has to know of the worker that serves it.
package struct Surroundings: Sendable {
    /// Clients that are told at the same time why they cannot be served; further ones are closed without a word. Each holds a descriptor.
    package static let farewellsAtOnce = 256

    /// Microseconds on the monotonic clock.
    package var now: UInt64
    package internal(set) var farewells = 0

    package init(now: UInt64) { self.now = now }
}
