/// What is remembered of one client network at one listener, in one word, so that it changes as a whole without a lock: how many
/// connections it has, and when it may have the next one by its rate.
///
/// The rate is held by the generic cell rate algorithm (ITU-T I.371 annex A, as virtual scheduling): of all that came only one time is
/// kept, the *theoretical arrival time* of the next connection. Each connection moves it on by the interval of the rate; one that comes earlier than
/// the burst allows is too fast, and moves nothing.
struct ClientState: Sendable, Equatable {
    /// A time on the monotonic clock in this unit lasts for 22 years in the 46 bits that there are.
    static let microsecondsPerTick: UInt64 = 10
    static let maximumCount = UInt64(UInt16.max - 1)
    private static let timeBits: UInt64 = 46
    private static let timeMask: UInt64 = 1 << timeBits - 1

    let word: UInt64

    init(word: UInt64) { self.word = word }

    /// - Parameters:
    ///   - generation: changes with the owner of the slot; see ``ClientTable``.
    ///   - time: in ticks.
    init(generation: UInt64, count: UInt64, time: UInt64) {
        word = generation << 62 | count << Self.timeBits | min(time, Self.timeMask)
    }

    /// In the hands of somebody who is changing its owner.
    var isTaken: Bool { count == UInt64(UInt16.max) }
    var generation: UInt64 { word >> 62 }
    /// Connections that are in.
    var count: UInt64 { word >> Self.timeBits & 0xffff }
    /// The theoretical arrival time, in ticks.
    var time: UInt64 { word & Self.timeMask }

    var taken: ClientState { ClientState(generation: generation, count: UInt64(UInt16.max), time: time) }

    func with(count: UInt64, time: UInt64) -> ClientState {
        ClientState(generation: generation, count: count, time: time)
    }

    enum Entry: Sendable, Equatable {
        case enters(ClientState)
        case tooMany
        case tooFast
        /// There are more than can be counted, and no limit on them.
        case uncountable

        var state: ClientState? { if case .enters(let state) = self { state } else { nil } }
    }

    /// One more connection comes.
    ///
    /// - Parameter now: in ticks.
    func entering(_ limit: ClientLimit, now: UInt64) -> Entry {
        guard count < limit.concurrent else { return .tooMany }
        guard count < Self.maximumCount else { return .uncountable }
        guard limit.interval > 0 else { return .enters(with(count: count + 1, time: max(time, now))) }
        let next = max(time, now) + limit.interval
        guard next - now <= limit.tolerance else { return .tooFast }
        return .enters(with(count: count + 1, time: next))
    }
}

/// ``ListenerLimits`` as they are held against a ``ClientState``.
package struct ClientLimit: Sendable, Equatable {
    let concurrent: UInt64
    /// Ticks from one connection to the next by the rate; 0: no rate.
    let interval: UInt64
    /// Ticks that the theoretical arrival time may lie ahead of now.
    let tolerance: UInt64

    /// - Parameter factor: how many times the limits.
    package init(_ limits: ListenerLimits, times factor: Int = 1) {
        concurrent = limits.concurrent.map { min(UInt64($0) * UInt64(factor), ClientState.maximumCount) } ?? .max
        guard let rate = limits.rate else {
            interval = 0
            tolerance = 0
            return
        }
        let ticks = rate.period.microseconds / ClientState.microsecondsPerTick
        interval = max(1, (ticks + UInt64(rate.count * factor) / 2) / UInt64(rate.count * factor))
        tolerance = interval * UInt64((limits.burst ?? rate.usualBurst) * factor)
    }
}
