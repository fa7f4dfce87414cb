import TailwartSystem
package import TailwartWire

/// One name, asked of the hosts file and the name servers of `/etc/resolv.conf` while the calling thread waits, up to half a minute. With the
/// addresses of one family it waits but a moment for the other.
/// Not `getaddrinfo`: a program that is one file cannot load what `/etc/nsswitch.conf` names.
package enum SystemNames {
    /// Milliseconds; RFC 8305 section 3 calls it the resolution delay, and says 50 for a person who waits. Here it is a program.
    private static let delay: CInt = 250

    package enum Failure: Error, Equatable {
        /// There is no such name, or it has no address.
        case unknown
        /// What c-ares says.
        case away(String)
    }

    package static func addresses(
        of name: String, servers: ResolvConf = .current()
    ) throws(Failure) -> [IPAddress] {
        guard let lookup = Lookup([name], from: .system, servers) else { throw .away("out of memory") }
        var answers: [LookupAnswer] = []
        var deadline = UInt64.max
        repeat {
            Lookup.wait(for: [lookup], waker: nil, longest: answers.isEmpty ? -1 : Self.delay)
            answers += lookup.takeAnswers()
            if !answers.isEmpty { deadline = min(deadline, Clock.monotonic() + UInt64(Self.delay) * 1000) }
        } while !lookup.isDone && Clock.monotonic() < deadline
        switch answers.last?.outcome {
        case .addresses(let addresses, _): return addresses.interleaved
        case .failed(_, .noAddress), nil: throw .unknown
        case .failed(let reason, _): throw .away(reason)
        }
    }
}
